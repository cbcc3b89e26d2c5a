// The demo page. The client that an application would copy is ratchet.js.
import { Ratchet, RatchetError } from "/ratchet.js";

const session = new Ratchet();
const $ = (id) => document.getElementById(id);
const sessions = $("sessions");

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
};

async function request(method, path) {
  return line(method, path, await session.fetch(path, { method }));
}

async function line(method, path, answer) {
  return `${method} ${path}: ${answer.status} ${await answer.text()}`;
}

// Runs one action, with its button disabled meanwhile, and logs what came of it.
async function run(button, action) {
  button.disabled = true;
  let text;
  try {
    text = await action();
  } catch (error) {
    text = explain(error);
  }
  button.disabled = false;
  const item = document.createElement("li");
  const when = document.createElement("time");
  const what = document.createElement("span");
  when.textContent = new Date().toLocaleTimeString();
  what.textContent = text;
  item.append(when, " ", what);
  $("log").prepend(item);
  await show();
}

function explain(error) {
  if (!(error instanceof RatchetError)) return `no answer, try again: ${error.message}`;
  if (error.status === 503) return `unavailable, still logged in, try again in ${error.retryAfter} s`;
  return `${error.status} ${error.code}: ${error.message}`;
}

// Shows what this browser knows of the login, and asks the server who it is if
// that is another login than the one shown.
let shown; // the session's id, null for none
async function show() {
  const current = await session.current();
  const id = current?.id ?? null;
  $("login").hidden = Boolean(current);
  $("account").hidden = !current;
  if (current) {
    $("session").textContent = current.id;
    $("transport").textContent = current.transport;
    expiresAt = current.expiresAt;
    countDown();
  }
  if (id === shown) return;
  const first = shown === undefined;
  shown = id;
  sessions.hidden = true;
  $("user").textContent = $("roles").textContent = "";
  if (current) await identify();
  if (!first) (current ? $("account").querySelector("button") : $("login").elements.username).focus();
}

async function identify() {
  try {
    const answer = await session.fetch("/api/me");
    if (!answer.ok) return;
    const me = await answer.json();
    $("user").textContent = me.user;
    $("roles").textContent = me.roles.join(", ");
  } catch (error) {
    $("user").textContent = explain(error);
  }
}

let expiresAt;
function countDown() {
  const seconds = Math.ceil((expiresAt - Date.now()) / 1000);
  $("expiry").textContent = seconds > 0
    ? `expires in ${seconds} s, at ${expiresAt.toLocaleTimeString()}`
    : `expired at ${expiresAt.toLocaleTimeString()}; the next request reissues`;
}
setInterval(() => { if (expiresAt) countDown(); }, 1000);

function showSessions(list) {
  sessions.tBodies[0].replaceChildren(...list.map((s) => {
    const row = document.createElement("tr");
    const device = s.device.name || s.device.user_agent || "unknown";
    const texts = [`${device} (${s.device.ip})`, ...[s.created_at, s.last_used_at, s.expires_at].map(time)];
    for (const [i, text] of texts.entries()) {
      const cell = row.insertCell();
      cell.textContent = text;
      cell.dataset.label = sessions.tHead.rows[0].cells[i].textContent; // for narrow screens
    }
    const end = document.createElement("button");
    end.type = "button";
    end.textContent = s.current ? "End this one" : "End";
    end.setAttribute("aria-label", `End the session of ${device} since ${time(s.created_at)}`);
    end.addEventListener("click", () => run(end, () => endSession(s.id)));
    row.insertCell().append(end);
    return row;
  }));
  sessions.hidden = false;
}

const time = (text) => new Date(text).toLocaleString();

async function endSession(id) {
  const text = await request("DELETE", `/auth/sessions/${encodeURIComponent(id)}`);
  await actions[shown === id ? "me" : "list"](); // its own end is found out by asking
  return text;
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  run(form.querySelector("button"), async () => {
    await session.login({ username: form.username.value, password: form.password.value });
    form.reset();
    return "logged in";
  });
});
for (const button of document.querySelectorAll("[data-action]")) {
  button.addEventListener("click", () => run(button, actions[button.dataset.action]));
}
session.addEventListener("change", show);
show();
