// The others who hold tokens: a thief, and the user on another device.

// Does as a hostile script in the page would: it copies the refresh token and
// presents the copy later. Twice reissued is late enough whatever ReuseGrace
// says. Resolves to what came of it.
export async function steal(session, note) {
  const { refreshToken, accessToken } = await everythingInReach();
  if (!refreshToken) {
    return `nothing to steal: document.cookie is "${document.cookie}", and the database has no refresh token`;
  }
  note("a script copies the refresh token");
  for (const time of ["", " again"]) {
    if (!await session.reissue()) return "the session has ended";
    note(`the owner reissues${time}`);
  }
  const answer = await fetch("/auth/reissue", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: refreshToken, access_token: accessToken }),
    credentials: "omit",
  });
  return `the thief presents the copy: ${answer.status} ${(await answer.text()).trimEnd()}`;
}

// Resolves to what ratchet.js keeps, without asking it.
function everythingInReach() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ratchet", 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction("records").objectStore("records").get(`ratchet ${location.origin}`);
      reading.onsuccess = () => { opening.result.close(); resolve(reading.result ?? {}); };
      reading.onerror = () => { opening.result.close(); reject(reading.error); };
    };
  });
}

// Second is a session that is not this browser's: it sends and keeps no cookie.
export class Second {
  static passwords = { alice: "wonderland", bob: "builder", admin: "correct-horse" };

  id = ""; // of the session, empty before the first
  user = "";
  accessToken = ""; // empty if it went into a cookie
  reason = ""; // why it has ended

  // Resolves to what came of a login.
  async open(user) {
    const answer = await fetch("/auth/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: user, password: Second.passwords[user] }),
      credentials: "omit",
    });
    const body = await answer.json();
    if (!answer.ok) return `no second session: ${answer.status} ${body.code}`;
    Object.assign(this, { id: body.session_id, user, accessToken: body.access_token ?? "", reason: "" });
    return `opened a second session, of ${user}`;
  }

  me() {
    return fetch("/api/me", { headers: { Authorization: `Bearer ${this.accessToken}` }, credentials: "omit" });
  }

  describe() {
    const whose = `Session ${this.id.slice(0, 6)} of ${this.user}.`;
    return this.accessToken ? whose : `${whose} Its tokens went into cookies that this page let go; the events and the list tell how it does.`;
  }
}
