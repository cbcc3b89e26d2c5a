// From the login to a theft, under REUSE_GRACE=strict.
import assert from "node:assert/strict";
import { test } from "node:test";
import { login } from "../login.mjs";
import { accessOf, act, codeOf, loginForm, logged, logIn, me, present, refusedAsRevoked, transport, Visitor } from "./visitor.mjs";

test("log in, be robbed", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  await loginForm(tab).waitFor();
  await tab.getByLabel("User name").fill("alice");
  await tab.getByLabel("Password").fill("wrong");
  const refusal = await logged(tab, () => tab.getByRole("button", { name: "Log in" }).click());
  assert.match(refusal, /^401 bad_credentials/);
  assert.ok(await loginForm(tab).isVisible());

  await logIn(tab);
  assert.equal(await tab.locator("#roles").textContent(), "user");
  assert.equal(await tab.locator("#transport").textContent(), transport);
  assert.match(await tab.locator("#expiry").textContent(), /^expires in (10 min 0|9 min \d+) s, at /);
  assert.match(await act(tab, "me"), /^GET \/api\/me: 200 .*"user":"alice"/);
  assert.equal(await act(tab, "ping"), 'POST /api/ping: 200 {"ok":true}');
  assert.match(await act(tab, "list"), /^sessions: \d+$/);
  assert.equal(await act(tab, "reissue"), "reissued");
  await withinReach(visitor, tab);

  const beside = await visitor.tab();
  const elsewhere = await login();
  const [stolen] = await visitor.pairs();
  const answer = await present(stolen.refresh);
  assert.equal(answer.status, 401);
  assert.equal(await codeOf(answer), "refresh_invalid");

  // Nothing that the browser holds is worth anything.
  const pairs = await visitor.pairs();
  assert.equal(pairs.length, 2);
  for (const { access } of pairs) await refusedAsRevoked(access);
  assert.equal((await present(pairs[1].refresh)).status, 401);
  assert.match(await act(tab, "me"), /: 401 .*token_revoked/);
  await Promise.all([tab, beside].map((tab) => loginForm(tab).waitFor()));
  assert.equal((await me(accessOf(elsewhere.answer, elsewhere.body))).status, 200); // the user's other session lives
});

// Checks what scripts and cookies have of the tokens.
async function withinReach(visitor, tab) {
  const pairs = await visitor.pairs();
  const { access, refresh } = pairs.at(-1);
  const reach = await tab.evaluate(everything);
  assert.equal(reach.includes(access), transport !== "cookie");
  assert.equal(reach.includes(refresh), transport === "bearer");
  for (const pair of pairs) {
    assert.equal(pair.inBody.access, transport === "cookie" ? undefined : pair.access);
    assert.equal(pair.inBody.refresh, transport === "bearer" ? pair.refresh : undefined);
    if (transport !== "bearer") assert.ok(!reach.includes(pair.refresh));
  }

  assert.equal(await tab.evaluate(() => document.cookie), "");
  const cookies = (await visitor.context.cookies()).sort((a, b) => a.name < b.name ? -1 : 1);
  const expected = { bearer: [], hybrid: ["refresh Strict"], cookie: ["access Lax", "refresh Lax"] }[transport];
  assert.deepEqual(cookies.map((c) => `${c.name} ${c.sameSite}`), expected);
  for (const cookie of cookies) {
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.path, "/");
    const days = (cookie.expires - Date.now() / 1000) / 86_400;
    assert.ok(days > 6.9 && days <= 7, `${cookie.name} lasts ${days} days`);
  }
}

// Returns all that a script can read of its own origin, as text: the page,
// storage of every kind, cookies, and what the endpoints answer.
async function everything() {
  const parts = [document.documentElement.outerHTML, document.cookie, JSON.stringify({ ...localStorage, ...sessionStorage })];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve) => { indexedDB.open(name).onsuccess = (e) => resolve(e.target.result); });
    for (const store of db.objectStoreNames) {
      parts.push(JSON.stringify(await new Promise((resolve) => {
        db.transaction(store).objectStore(store).getAll().onsuccess = (e) => resolve(e.target.result);
      })));
    }
    db.close();
  }
  for (const path of ["/api/me", "/auth/sessions"]) {
    const answer = await fetch(path);
    parts.push(JSON.stringify([...answer.headers]), await answer.text());
  }
  return parts.join("\n");
}
