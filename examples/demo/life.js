// The lives of the two tokens, as bars that run down.

// What each transport does with the tokens, for the page to say.
const places = {
  bearer: ["In this browser's database, where scripts can read it.", "In this browser's database, where scripts can read it."],
  hybrid: ["In this browser's database, where scripts can read it.", "In an HttpOnly cookie: no script can read it."],
  cookie: ["In an HttpOnly cookie: no script can read it.", "In an HttpOnly cookie: no script can read it."],
};

export class Life {
  #$; #current; #access; #refresh; #ended;

  constructor(byId) {
    this.#$ = byId;
  }

  // When the access token expires, in milliseconds; null if there is none that
  // is worth anything.
  get accessUntil() {
    return this.#current && !this.#ended ? this.#access.until : null;
  }

  // Shows what session.current() says.
  show(current) {
    const same = current && this.#current && current.id === this.#current.id;
    const moved = current?.expiresAt.getTime() !== this.#current?.expiresAt.getTime();
    this.#current = current;
    if (!current) return;
    if (!same) this.#ended = false;
    if (!same || moved) {
      const from = current.issuedAt.getTime();
      this.#access = { from, until: current.expiresAt.getTime() };
      this.#refresh = { from, until: current.refreshExpiresAt.getTime() };
    }
    [this.#$("access-place").textContent, this.#$("refresh-place").textContent] = places[current.transport];
    this.#$("theft-hint").textContent = theftHint(current.transport);
    this.#$("steal").textContent = current.transport === "bearer" ? "Steal the refresh token" : "Try to steal the refresh token";
    this.tick();
  }

  // Learns from an answer of /api/me, by the server's clock, what no script is
  // told of a silent reissue: that the access token lasts for longer. Of the
  // refresh token that came with it nothing is known.
  learn(me, answer) {
    if (!this.#current || me.session !== this.#current.id) return;
    const left = new Date(me.expires_at) - new Date(answer.headers.get("Date"));
    const until = Date.now() + left;
    if (this.#current.transport !== "cookie" || until - this.#access.until < 2000) return;
    this.#access = { from: until - (this.#access.until - this.#access.from), until };
    this.#refresh = { from: 0, until: NaN };
    this.tick();
  }

  // The session has ended on the server.
  end() {
    this.#ended = true;
    this.tick();
  }

  // Shows how much is left by now.
  tick() {
    if (!this.#current) return;
    const $ = this.#$;
    const { until } = this.#access;
    const seconds = Math.ceil((until - Date.now()) / 1000);
    const at = new Date(until).toLocaleTimeString();
    $("expiry").textContent = this.#ended ? "refused from now on"
      : seconds > 0 ? `expires in ${span(until - Date.now())}, at ${at}` : `expired at ${at}; the next request reissues`;
    const end = this.#refresh.until;
    $("refresh-expiry").textContent = this.#ended ? "refused from now on"
      : Number.isNaN(end) ? "how long is unknown: the server has reissued on the way, and told no script"
      : end > Date.now() ? `expires in ${span(end - Date.now())}, if it is not used before`
      : "expired: log in again";
    this.#draw("access-bar", this.#access, $("expiry").textContent);
    this.#draw("refresh-bar", this.#refresh, $("refresh-expiry").textContent);
    $("mine").classList.toggle("gone", Boolean(this.#ended));
    $("state").textContent = this.#ended ? "ended" : seconds > 0 ? "live" : "live, access expired";
    $("state").dataset.grade = this.#ended ? "bad" : seconds > 0 ? "good" : "warn";
  }

  #draw(id, { from, until }, text) {
    const bar = this.#$(id);
    const left = this.#ended ? 0 : Math.min(1, Math.max(0, (until - Date.now()) / (until - from)));
    const known = !Number.isNaN(left);
    bar.setAttribute("aria-valuenow", known ? Math.round(100 * left) : 0);
    bar.setAttribute("aria-valuetext", text);
    bar.dataset.grade = !known ? "unknown" : left > 0.5 ? "good" : left > 0.2 ? "warn" : "bad";
    bar.firstElementChild.style.transform = `scaleX(${known ? left : 1})`;
  }
}

// Says a span of time in its two largest units, a begun second as a whole one.
export function span(ms) {
  const units = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
  let seconds = Math.ceil(ms / 1000);
  const parts = [];
  for (const [unit, size] of units) {
    parts.push([Math.floor(seconds / size), unit]);
    seconds %= size;
  }
  const first = parts.findIndex(([n, unit]) => n > 0 || unit === "s");
  return parts.slice(first, first + 2).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

function theftHint(transport) {
  if (transport === "bearer") {
    return "With this transport a script that has got into the page can copy it. The button does: it copies the token, reissues twice, and presents the copy.";
  }
  const cookie = location.protocol === "https:" ? "__Host-refresh" : "refresh";
  return `With this transport no script can: the button tries. To be the thief all the same, copy the cookie ${cookie} ` +
    `from the developer tools, reissue twice here, and run: curl -X POST --cookie '${cookie}=…' ${location.origin}/auth/reissue`;
}
