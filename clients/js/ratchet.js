// Keeps a browser logged in to a server that uses Ratchet, with any of its
// transports. It needs no build step and nothing else: copy it.
//
//   const session = new Ratchet();
//   await session.login({ username, password });
//   const answer = await session.fetch("/api/me"); // as fetch, and reissues
//   await session.logout();
//
// What it knows is one record in IndexedDB, which all tabs share: the tokens
// that the server's answer gave to scripts (both with the bearer transport, the
// access token with hybrid, none with cookie) and the Idempotency-Key of the
// next reissue. A key is made when its tokens arrive and stays as long as they,
// so an attempt whose answer was lost, even to a reload, is repeated as itself
// and never taken for theft.

// An answer other than success, or a reissue that is not possible for now.
export class RatchetError extends Error {
  constructor(answer, fault) {
    super(fault.error_description ?? `the server answered ${answer.status}`);
    this.name = "RatchetError";
    this.status = answer.status;
    this.code = String(fault.code ?? "");
    this.retryAfter = Number(answer.headers.get("Retry-After")) || 0; // seconds
  }
}

// Sends "change" when somebody logs in or out or tokens are reissued, in
// whatever tab.
export class Ratchet extends EventTarget {
  #base; #paths; #name; #channel; #reissuing;

  constructor({ base = location.origin, ...paths } = {}) {
    super();
    this.#base = new URL(base);
    this.#paths = { login: "/auth/login", reissue: "/auth/reissue", logout: "/auth/logout", logoutAll: "/auth/logout-all", ...paths };
    this.#name = `ratchet ${this.#base.origin}`;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  // Returns what is known of the login, null if there is none. It may have
  // ended on the server: only a request can tell.
  async current() {
    const record = await this.#read();
    if (!record?.sessionId) return null;
    const transport = record.refreshToken ? "bearer" : record.accessToken ? "hybrid" : "cookie";
    return {
      id: record.sessionId, transport, issuedAt: new Date(record.issuedAt),
      expiresAt: new Date(record.expiresAt), refreshExpiresAt: new Date(record.refreshExpiresAt),
    };
  }

  // Logs in with what the server's login wants to know. A previous login whose
  // tokens are lost by this ends: with cookies the server sees to that.
  login(credentials) {
    return this.#alone(async () => {
      const before = await this.#read();
      await this.#keep(await this.#post(this.#paths.login, credentials));
      if (before?.refreshToken) await this.#post(this.#paths.logout, tokensOf(before)).catch(() => {});
    });
  }

  // Fetches as the logged-in user, from this origin only. A request whose token
  // is refused is sent a second time after a reissue, no more. An answer 401 is
  // final. Rejects with a TypeError if the network fails and with a
  // RatchetError if a reissue is not possible for now, such as 503: then the
  // login stands, and a later attempt may succeed.
  async fetch(input, init) {
    const request = new Request(input instanceof Request ? input : new URL(input, this.#base), init);
    if (new URL(request.url).origin !== this.#base.origin) throw new TypeError(`ratchet: ${request.url} is of another origin`);
    const used = await this.#read();
    const answer = await this.#send(request.clone(), used);
    if (answer.status !== 401 || !used?.sessionId || !isTokenRefusal(await fault(answer.clone()))) return answer;
    const next = await this.#reissue(used);
    // Another tab may have logged in as somebody else, who did not ask for this.
    return next?.sessionId === used.sessionId ? this.#send(request, next) : answer;
  }

  // Reissues now and resolves to whether there is a login. It also finds one of
  // which there is only a cookie, because a form of the server's has set it or
  // the browser has emptied its database.
  async reissue() {
    return Boolean((await this.#reissue(await this.#read()))?.sessionId);
  }

  // Ends this session. If that fails, the login stands.
  logout() {
    return this.#alone(async () => {
      const answer = await this.#post(this.#paths.logout, tokensOf(await this.#read()));
      if (!answer.ok) throw new RatchetError(answer, await fault(answer));
      await this.#write(undefined);
    });
  }

  // Ends all sessions of the user and resolves to how many there were.
  async logoutAll() {
    const used = await this.#read();
    const answer = await this.fetch(this.#paths.logoutAll, { method: "POST" });
    if (!answer.ok) throw new RatchetError(answer, await fault(answer));
    await this.#alone(async () => {
      if ((await this.#read())?.sessionId === used?.sessionId) await this.#write(undefined);
    });
    return (await answer.json()).ended;
  }

  // Exchanges the tokens that were used, once for all requests of this tab and,
  // by the lock, for all tabs: whoever comes later finds another record and
  // takes it. Only a refused refresh token ends the login. A network that
  // fails, 503 and every other answer leave the record, and so the key.
  #reissue(used) {
    this.#reissuing ??= this.#alone(async () => {
      const found = await this.#read();
      if (found?.key !== used?.key) return found;
      const record = found ?? await this.#write({ key: newKey() });
      const answer = await this.#post(this.#paths.reissue, tokensOf(record), { "Idempotency-Key": record.key });
      if (answer.ok) return this.#keep(answer);
      const error = new RatchetError(answer, await fault(answer));
      if (error.status !== 401 || !error.code.startsWith("refresh_")) throw error;
      return this.#write(undefined);
    }).finally(() => { this.#reissuing = undefined; });
    return this.#reissuing;
  }

  // Keeps the tokens of an answer.
  async #keep(answer) {
    if (!answer.ok) throw new RatchetError(answer, await fault(answer));
    const body = await answer.json();
    const issuedAt = Date.now();
    return this.#write({
      key: newKey(),
      sessionId: body.session_id,
      accessToken: body.access_token,
      refreshToken: body.refresh_token,
      issuedAt,
      expiresAt: issuedAt + 1000 * body.expires_in,
      refreshExpiresAt: issuedAt + 1000 * body.refresh_token_expires_in,
    });
  }

  #send(request, record) {
    if (record?.accessToken) request.headers.set("Authorization", `Bearer ${record.accessToken}`);
    return fetch(request, { credentials: "include" });
  }

  #post(path, body, headers) {
    return fetch(new URL(path, this.#base), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      credentials: "include",
      signal: AbortSignal.timeout(20_000), // other tabs are waiting
    });
  }

  // Runs a job while no other tab runs one. Pages on plain http have no locks.
  // There the common key keeps two tabs at once from being taken for theft.
  #alone(job) {
    return navigator.locks ? navigator.locks.request(this.#name, job) : job();
  }

  #read() {
    return transact("readonly", (records) => records.get(this.#name));
  }

  async #write(record) {
    const before = await this.#read();
    await transact("readwrite", (records) => record ? records.put(record, this.#name) : records.delete(this.#name));
    if (before?.sessionId || record?.sessionId) {
      this.dispatchEvent(new Event("change"));
      this.#channel.postMessage("change");
    }
    return record;
  }
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const tokensOf = (record) => ({ refresh_token: record?.refreshToken, access_token: record?.accessToken });

// The body of an error, empty if it is not the library's.
const fault = async (answer) => (await answer.json().catch(() => null)) ?? {};

// A 401 may also be the application's, such as for a wrong password.
const isTokenRefusal = ({ code }) => !code || String(code).startsWith("token_");

// IndexedDB and not localStorage: what a tab writes there reaches the others at
// some time, in no order with the lock, and a tab that reads old tokens
// presents a used one.
function transact(mode, action) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ratchet", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("records");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      try {
        const transaction = opening.result.transaction("records", mode, { durability: "strict" });
        const request = action(transaction.objectStore("records"));
        transaction.oncomplete = () => { opening.result.close(); resolve(request.result); };
        transaction.onabort = () => { opening.result.close(); reject(transaction.error); };
      } catch (error) { // somebody else's database of that name
        opening.result.close();
        reject(error);
      }
    };
  });
}
