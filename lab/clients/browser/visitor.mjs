// A person with a browser of their own, on the demo page.
import assert from "node:assert/strict";
import { after } from "node:test";
import { setTimeout } from "node:timers/promises";
import { connect } from "./launch.mjs";

// The program under test and its transport.
export const url = process.env.RATCHET_URL;
export const transport = process.env.TRANSPORT;

const browser = await connect();
after(() => browser.close());

// How long a condition may take to come true. Nothing is concluded from it.
const patience = 60_000;

export class Visitor {
  #pairs = [];
  requests = []; // {method, path, key} of the program's endpoints, as sent
  faults = []; // what the browser reported: scripts that fail, violated policies

  // Opens a browser without any cookies, for the program at a URL and maybe one
  // at another.
  static async arrive(at = url, elsewhere = at) {
    const visitor = new Visitor();
    visitor.url = at;
    const ours = (to) => [at, elsewhere].includes(new URL(to).origin);
    // Without animations, which only cost time here.
    visitor.context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: "reduce" });
    visitor.context.setDefaultTimeout(patience);
    visitor.context.on("weberror", (e) => visitor.faults.push(String(e.error())));
    visitor.context.on("console", (m) => {
      if (/Content Security Policy|Trusted ?Type/i.test(m.text())) visitor.faults.push(m.text());
    });
    visitor.context.on("request", (request) => {
      if (!ours(request.url())) return;
      visitor.requests.push({ method: request.method(), path: new URL(request.url()).pathname, key: request.headers()["idempotency-key"] });
    });
    visitor.context.on("response", (response) => {
      if (ours(response.url())) visitor.#pairs.push(pairOf(response));
    });
    return visitor;
  }

  // Closes the browser, which by then must not have reported anything.
  async leave() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }

  // Forgets what was sent and answered so far.
  forget() {
    this.#pairs = [];
    this.requests = [];
  }

  // Opens the demo page in a tab.
  async tab(at = this.url) {
    const page = await this.context.newPage();
    await page.goto(at);
    await page.locator("#login:visible, #account:visible").waitFor();
    return page;
  }

  // Opens the demo page in a tab and logs in.
  async loggedInTab(user, password) {
    const tab = await this.tab();
    await logIn(tab, user, password);
    return tab;
  }

  // The pairs of tokens that the program has handed out, as the network saw
  // them.
  async pairs() {
    return (await Promise.all(this.#pairs)).filter(Boolean);
  }

  // Waits for the pair of a generation or a later one, the latest there is.
  async pairSince(generation) {
    for (const deadline = Date.now() + patience; ; await setTimeout(20)) {
      const pair = await this.lastPair();
      if (pair?.claims.gen >= generation) return pair;
      assert.ok(Date.now() < deadline, `nothing is seen of generation ${generation}`);
    }
  }

  async lastPair() {
    return (await this.pairs()).at(-1);
  }

  // The Idempotency-Keys of all reissues sent.
  keys() {
    return this.requests.filter((r) => r.path === "/auth/reissue").map((r) => r.key);
  }

  // How often a path was asked for.
  count(path) {
    return this.requests.filter((r) => r.path === path).length;
  }
}

// Returns the tokens of an answer, wherever they are, or null.
async function pairOf(response) {
  const found = { access: undefined, refresh: undefined };
  for (const { name, value } of await response.headersArray()) {
    const cookie = name.toLowerCase() === "set-cookie" && /^(?:__Host-)?(access|refresh)=([^;]+)/.exec(value);
    if (cookie) found[cookie[1]] = cookie[2];
  }
  // Other answers have no tokens in their bodies. A body that a page does not
  // read comes to an end when its memory is collected, and not before.
  const told = ["/auth/login", "/auth/reissue"].includes(new URL(response.url()).pathname);
  const body = told ? await response.json().catch(() => ({})) : {};
  found.inBody = { access: body.access_token, refresh: body.refresh_token };
  found.access ??= body.access_token;
  found.refresh ??= body.refresh_token;
  if (!found.access || !found.refresh) return null;
  return { ...found, claims: JSON.parse(Buffer.from(found.access.split(".")[1], "base64url")) };
}

export async function logIn(tab, user = "alice", password = "wonderland") {
  await tab.bringToFront();
  await tab.getByLabel("User name").fill(user);
  await tab.getByLabel("Password").fill(password);
  await tab.getByRole("button", { name: "Log in" }).click();
  await tab.locator("#user", { hasText: user }).waitFor();
}

// Clicks one of the page's buttons and returns the line that it logs.
export async function act(tab, action) {
  return logged(tab, () => tab.locator(`[data-action=${action}]`).click());
}

// Returns the line that the page logs after something is done to it. A tab in
// the background draws so seldom that clicks would wait.
export async function logged(tab, doing) {
  await tab.bringToFront();
  const lines = tab.locator("#log li span");
  const before = await lines.count();
  await doing();
  await lines.nth(before).waitFor();
  return lines.first().textContent();
}

export const loginForm = (tab) => tab.locator("#login:visible");

export const me = (access, at = url) => fetch(`${at}/api/me`, { headers: { Authorization: `Bearer ${access}` } });

// Waits until the program at a URL refuses an access token as expired.
export async function expiry(access, at) {
  for (const deadline = Date.now() + patience; (await codeOf(await me(access, at))) !== "token_expired"; await setTimeout(100)) {
    assert.ok(Date.now() < deadline, "the access token does not expire");
  }
}

export async function codeOf(answer) {
  return (await answer.json()).code;
}

// Presents a refresh token as somebody who has stolen it, with the transport's
// own means but without the browser.
export function present(refresh, key, at = url) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  if (transport !== "bearer") headers.Cookie = `refresh=${refresh}`;
  const body = transport === "bearer" ? { refresh_token: refresh } : {};
  return fetch(`${at}/auth/reissue`, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function refusedAsRevoked(access, at) {
  const answer = await me(access, at);
  assert.equal(answer.status, 401);
  assert.equal(await codeOf(answer), "token_revoked");
}

// Returns the access token of an answer to a program without a browser.
export function accessOf(answer, body) {
  if (transport !== "cookie") return body.access_token;
  const cookie = answer.headers.getSetCookie().find((c) => c.startsWith("access="));
  return /^access=([^;]+)/.exec(cookie)[1];
}
