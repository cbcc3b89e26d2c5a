// The events of the server, as they happen. They come by fetch and not by
// EventSource, which can send no Authorization header.

// Sends "event", with the event as its detail, and "state": "live", "expired",
// "revoked", "hidden", "away" or "off".
export class Feed extends EventTarget {
  #session; #until; #open; #stale; #timer; #failures = 0;

  // until returns when the access token expires, null if there is none.
  constructor(session, until) {
    super();
    this.#session = session;
    this.#until = until;
    // A browser has few connections to a server: a tab that nobody sees gives
    // its own back.
    document.addEventListener("visibilitychange", () => document.hidden ? this.close("hidden") : this.open());
  }

  // Opens the stream unless it is open, or there is no good access token: the
  // stream must not be what reissues, or no token would ever run down.
  async open() {
    const until = this.#until();
    if (this.#open || document.hidden || !until || until === this.#stale || until - Date.now() < 1000) return;
    clearTimeout(this.#timer);
    const open = this.#open = new AbortController();
    const why = await this.#read(open.signal).catch(() => "away");
    if (this.#open !== open) return; // it was closed
    this.#open = undefined;
    switch (why) {
      case "expired":
        this.#stale = until; // by the server's clock
        this.#say("expired");
        this.open(); // there may be a later one
        break;
      case "revoked":
        this.#stale = until;
        this.#say("revoked");
        break;
      default:
        this.#say("away");
        this.#timer = setTimeout(() => this.open(), Math.min(15_000, 500 * 2 ** this.#failures++));
    }
  }

  close(state = "off") {
    clearTimeout(this.#timer);
    this.#open?.abort();
    this.#open = undefined;
    this.#say(state);
  }

  // Resolves to why the stream has ended.
  async #read(signal) {
    const answer = await this.#session.fetch("/events", { signal });
    if (answer.status === 401) return "expired"; // and whoever asks next learns more
    if (!answer.ok) return "away";
    this.#say("live");
    for await (const { type, data } of messages(answer.body)) {
      this.#failures = 0;
      if (type === "end") return data;
      this.dispatchEvent(new CustomEvent("event", { detail: JSON.parse(data) }));
    }
    return "away";
  }

  #say(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}

// Parses text/event-stream as far as the server makes use of it.
async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
      if (fields.data) yield { type: fields.event, data: fields.data };
    }
  }
}

const reasons = {
  reuse: "a used refresh token came back",
  logout: "logged out",
  revoked: "ended from the list",
  revoke_all: "all of the user's were ended",
  evicted: "a newer login took its place",
  blocked: "an administrator blocked the user",
  user_gone: "the user is gone",
};

const verdicts = {
  reuse: "Replay detected",
  logout: "Logged out",
  revoked: "Ended from the list",
  revoke_all: "Ended everywhere",
  evicted: "Replaced by a newer login",
  blocked: "User blocked",
  user_gone: "User gone",
};

// Says in short, as a heading, why a session has ended.
export const verdict = (reason) => verdicts[reason] ?? "Session ended";

// Says why a session has ended.
export const because = (reason) => reasons[reason] ?? reason;

// Says in a sentence what an event of a session is about, and how grave it is.
export function explain({ type, reason, generation, ip }) {
  switch (type) {
    case "session-established": return ["good", `a login from ${ip}`];
    case "session-reissued": return ["good", `refresh token ${generation} was exchanged for ${generation + 1}`];
    case "session-replayed": return ["warn", `refresh token ${generation} came again and got the same pair`];
    case "session-revoked": return [reason === "logout" ? "warn" : "bad", `ended: ${because(reason)}`];
    case "refresh-refused": return ["bad", `refresh token ${generation} was refused: ${reason}`];
    case "login-refused": return ["bad", `a login was refused: ${reason}`];
    case "user-blocked": return ["bad", "no session, no login"];
    case "user-unblocked": return ["good", "may log in again"];
    default: return [type.startsWith("session") ? "warn" : "bad", reason];
  }
}
