// The demo page. The client that an application would copy is ratchet.js.
import { because, explain, Feed, verdict } from "/feed.js";
import { Life, span } from "/life.js";
import { Ratchet, RatchetError } from "/ratchet.js";
import { Second, steal } from "/theft.js";

const session = new Ratchet();
const $ = (id) => document.getElementById(id);
const sessions = $("sessions");
const table = sessions.querySelector("table");
const life = new Life($);
const feed = new Feed(session, () => life.accessUntil);
const second = new Second();
const again = document.querySelector("[data-action=again]");

// What the buttons do. Each resolves to a line for the log.
const actions = {
  me: () => request("GET", "/api/me"),
  ping: () => request("POST", "/api/ping"),
  reissue: async () => (await session.reissue()) ? "reissued" : "the session has ended",
  list: async () => {
    const answer = await session.fetch("/auth/sessions");
    if (!answer.ok) return line("GET", "/auth/sessions", answer);
    const list = (await answer.json()).sessions;
    showSessions(list);
    return `sessions: ${list.length}`;
  },
  logout: async () => { await session.logout(); return "logged out"; },
  logoutAll: async () => `logged out everywhere, sessions ended: ${await session.logoutAll()}`,
  again: async () => { await session.logout(); return "ready for another login"; },
  steal: () => steal(session, (text) => note(text)),
  second: async () => {
    const text = await second.open($("second-user").value);
    showSecond();
    return text;
  },
  secondMe: async () => line("GET", "/api/me", await second.me(), ", as the second session"),
  block: () => {
    const seconds = $("until").value;
    const until = seconds ? new Date(Date.now() + 1000 * seconds) : null;
    return administer("PUT", "block", { until });
  },
  unblock: () => administer("DELETE", "block"),
  endAll: () => administer("DELETE", "sessions"),
};

async function request(method, path, body) {
  const init = body ? { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : { method };
  const answer = await session.fetch(path, init);
  if (path === "/api/me" && answer.ok) life.learn(await answer.clone().json(), answer);
  return line(method, path, answer);
}

async function line(method, path, answer, more = "") {
  return `${method} ${path}${more}: ${answer.status} ${(await answer.text()).trimEnd()}`;
}

function administer(method, what, body) {
  if (!$("whom").reportValidity()) return "nobody is named";
  return request(method, `/admin/users/${encodeURIComponent($("whom").value)}/${what}`, body);
}

const busy = new Set(); // the buttons whose actions run
let ended = false; // the session shown, on the server

// What there is to do when the session shown has ended: see that it is refused,
// log in again, and use the second session, which may live.
const still = new Set(["me", "again", "second", "secondMe"]);

// Disables the buttons that are busy, and those that an ended session has no use
// for.
function enable() {
  $("account").classList.toggle("over", ended);
  for (const button of document.querySelectorAll("button")) {
    const useless = ended && $("account").contains(button) && !still.has(button.dataset.action);
    button.disabled = busy.has(button) || useless;
  }
}

// Runs one action, with its button disabled meanwhile, and logs what came of it.
async function run(button, action) {
  busy.add(button);
  enable();
  held = false;
  let text;
  try {
    text = await action();
  } catch (error) {
    text = problem(error);
  }
  const lost = document.activeElement === document.body || document.activeElement === button; // by disabling
  busy.delete(button);
  enable();
  if (lost) (button.disabled ? again : button).focus({ preventScroll: true });
  note(text);
  await show();
}

function problem(error) {
  if (!(error instanceof RatchetError)) return `no answer, try again: ${error.message}`;
  if (error.status === 503) return `unavailable, still logged in, try again in ${span(1000 * error.retryAfter)}`;
  return `${error.status} ${error.code}: ${error.message}`;
}

// Writes a line into the log.
function note(text) {
  const what = document.createElement("span");
  what.textContent = text;
  const status = /(?:^|: )([1-5]\d\d) /.exec(text)?.[1];
  put("log", /^no answer|^unavailable|ended$/.test(text) || status >= 400 ? "bad" : "good", new Date(), what);
}

const most = 100; // lines of a log

function put(id, grade, date, ...parts) {
  const item = document.createElement("li");
  const when = document.createElement("time");
  item.dataset.grade = grade;
  when.dateTime = date.toISOString();
  when.textContent = date.toLocaleTimeString();
  item.append(when, " ", ...parts);
  $(id).prepend(item);
  if ($(id).children.length > most) $(id).lastChild.remove();
  $(`${id}-hint`).hidden = true;
  if (!held) tick(grade, ...parts.map((part) => part.cloneNode?.(true) ?? part));
}

let held = false; // the ticker, at a verdict, until somebody does something

function tick(grade, ...parts) {
  $("ticker").replaceChildren(...parts);
  $("ticker").dataset.grade = grade;
  $("ticker").hidden = false;
}

// Shows what this browser knows of the login, and asks the server who it is if
// that is another login than the one shown.
let shown; // the session's id, null for none
async function show() {
  const current = await session.current();
  const id = current?.id ?? null;
  $("login").hidden = $("tour").hidden = Boolean(current);
  $("account").hidden = !current;
  if (current) {
    $("session").textContent = current.id;
    $("transport").textContent = current.transport;
  }
  life.show(current);
  if (id === shown) return feed.open();
  const first = shown === undefined;
  shown = id;
  ended = false;
  enable();
  sessions.hidden = $("admin").hidden = true;
  $("user").textContent = $("roles").textContent = "";
  feed.close();
  if (current) {
    $("ended").hidden = $("dead").hidden = true;
    feed.open();
    await identify();
  }
  if (!first) (current ? document.querySelector("[data-action=me]") : $("login").elements.username).focus();
}

async function identify() {
  try {
    const answer = await session.fetch("/api/me");
    if (!answer.ok) return;
    const me = await answer.clone().json();
    life.learn(me, answer);
    $("user").textContent = me.user;
    $("roles").textContent = me.roles.join(", ");
    $("admin").hidden = !me.roles.includes("admin");
    $("second-user").value = me.user;
  } catch (error) {
    $("user").textContent = problem(error);
  }
}

function showSessions(list) {
  table.tBodies[0].replaceChildren(...list.map((s) => {
    const row = document.createElement("tr");
    row.dataset.session = s.id;
    const device = s.device.name || deviceOf(s.device.user_agent);
    const texts = [`${device} (${s.device.ip})`, ...[s.created_at, s.last_used_at, s.expires_at].map(time)];
    for (const [i, text] of texts.entries()) {
      const cell = row.insertCell();
      cell.textContent = text;
      cell.dataset.label = table.tHead.rows[0].cells[i].textContent; // for narrow screens
    }
    const mark = nameOf(s.id);
    if (mark) row.cells[0].append(tag(mark));
    const end = document.createElement("button");
    end.type = "button";
    end.textContent = s.current ? "End this one" : "End";
    end.setAttribute("aria-label", `${end.textContent}: the session of ${device} since ${time(s.created_at)}`);
    end.addEventListener("click", () => run(end, () => endSession(s.id)));
    row.insertCell().append(end);
    return row;
  }));
  enable();
  sessions.hidden = false;
}

// A time of today, or else the date.
function time(text) {
  const date = new Date(text);
  return date.toDateString() === new Date().toDateString()
    ? date.toLocaleTimeString([], { timeStyle: "short" })
    : date.toLocaleDateString([], { dateStyle: "medium" });
}

// What a browser says of its system, or all that another client says.
function deviceOf(agent) {
  const system = /^Mozilla\/5\.0 \((?:X11; )?([^;)]+)/.exec(agent)?.[1];
  return system ? `Browser on ${system}` : agent || "unknown";
}

async function endSession(id) {
  const text = await request("DELETE", `/auth/sessions/${encodeURIComponent(id)}`);
  await actions[shown === id ? "me" : "list"](); // its own end is found out by asking
  return text;
}

// What the page calls a session.
function nameOf(id) {
  if (id && id === shown) return "this session";
  if (id && id === second.id) return "second session";
  return "";
}

function tag(text) {
  const element = document.createElement("em");
  element.textContent = text;
  return element;
}

feed.addEventListener("event", ({ detail: event }) => {
  const [grade, text] = explain(event);
  const type = document.createElement("b");
  type.textContent = event.type;
  const whose = nameOf(event.session) || (event.session ? `session ${event.session.slice(0, 6)}` : "");
  const about = tag([event.subject, whose].filter(Boolean).join(", "));
  about.dataset.session = event.session;
  put("events", grade, new Date(event.time), type, " ", about, " ", text);
  if (event.type !== "session-revoked") return;
  table.querySelector(`[data-session="${CSS.escape(event.session)}"]`)?.classList.add("gone");
  if (event.session === second.id) second.reason = event.reason;
  showSecond();
  if (event.session === shown) die(event.reason, because(event.reason));
});

// The session has ended on the server. The page keeps its tokens until they are
// refused, to show that they are.
function die(reason, why) {
  ended = true;
  life.end();
  enable();
  const heading = verdict(reason);
  const grade = reason === "logout" ? "warn" : "bad";
  const texts = {
    ended: `Your last session has ended: ${why}.`,
    dead: `This session has ended: ${why}. Whatever it asks for now is refused: try “Who am I?”.`,
  };
  for (const [id, text] of Object.entries(texts)) {
    $(id).dataset.grade = grade;
    $(id).querySelector("h3").textContent = heading;
    $(id).querySelector("p").textContent = text;
    $(id).hidden = false;
  }
  tick(grade, `${heading}: the session has ended`);
  held = true;
  if (document.activeElement?.disabled) again.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  $("dead").scrollIntoView({ block: "center", behavior: calm ? "instant" : "smooth" });
}

const states = {
  live: "live", off: "off", hidden: "paused",
  expired: "paused: reissue to go on", revoked: "ended with the session", away: "trying again",
};
feed.addEventListener("state", ({ detail: state }) => {
  $("feed").textContent = states[state] ?? state;
  $("feed").dataset.grade = { live: "good", revoked: "bad", away: "warn", expired: "warn" }[state] ?? "";
  if (state === "revoked" && $("dead").hidden) die("", "another process has said so");
});

function showSecond() {
  if (!second.id) return;
  $("second-text").textContent = second.describe();
  $("second-state").hidden = false;
  $("second-state").textContent = second.reason ? `ended: ${because(second.reason)}` : "live";
  $("second-state").dataset.grade = second.reason ? "bad" : "good";
  document.querySelector("[data-action=secondMe]").hidden = !second.accessToken;
  for (const about of document.querySelectorAll(`em[data-session="${CSS.escape(second.id)}"]`)) {
    about.textContent = `${second.user}, second session`; // its first event has come before its id
  }
}

const form = $("login");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(form.querySelector("button"), async () => {
    await session.login({ username: form.elements.username.value, password: form.elements.password.value, remember: form.elements.remember.checked });
    form.reset();
    return "logged in";
  });
});
for (const button of document.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", () => {
    form.elements.username.value = button.dataset.fill;
    form.elements.password.value = Second.passwords[button.dataset.fill];
    form.querySelector("button").focus();
  });
}
for (const button of document.querySelectorAll("[data-action]")) {
  button.addEventListener("click", () => run(button, actions[button.dataset.action]));
}
session.addEventListener("change", show);
setInterval(() => life.tick(), 1000);
show();
