// One browser at two hosts of one domain, each served by a program of its own. They
// share the cookies, for better and for worse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, loginForm, url, Visitor } from "./browser/visitor.mjs";

const sibling = process.env.ELSEWHERE_URL;
const domain = process.env.COOKIE_DOMAIN;

// Asks from within a page, and returns the status and what the body says.
const ask = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const init = { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body) };
  const answer = await fetch(path, init);
  return [answer.status, await answer.text()];
}, [method, path, body]);

test("hosts of one domain", async (t) => {
  const visitor = await Visitor.arrive(url, sibling);
  t.after(() => visitor.leave());
  const here = await visitor.loggedInTab();
  const there = await visitor.tab(sibling);
  const cookies = await visitor.context.cookies();
  assert.deepEqual(cookies.map((c) => `${c.name} ${c.domain} ${c.httpOnly}`).sort(), ["access", "refresh"].map((name) => `${name} .${domain} true`));

  // A login at one is a login at the other, and so is a reissue.
  let [status, text] = await ask(there, "GET", "/api/me");
  assert.equal(status, 200, text);
  const { user, session } = JSON.parse(text);
  assert.equal(user, "alice");
  assert.equal((await ask(there, "POST", "/auth/reissue"))[0], 200);
  [status, text] = await ask(here, "GET", "/api/me");
  assert.deepEqual([status, JSON.parse(text).session], [200, session]);

  // A sibling shadows a cookie by one with a longer path: refused, and a login or
  // a logout goes on.
  await there.evaluate((domain) => { document.cookie = `access=planted; domain=${domain}; path=/api`; }, domain);
  [status, text] = await ask(here, "GET", "/api/me");
  assert.equal(status, 400, text);
  assert.equal(JSON.parse(text).code, "request_invalid");
  await there.evaluate((domain) => { document.cookie = `access=; domain=${domain}; path=/api; max-age=0`; }, domain);
  assert.equal((await ask(here, "GET", "/api/me"))[0], 200);

  // Its script cannot overwrite or delete them, but its server can, by a login of
  // its own: the list shows whose session it is.
  await there.evaluate((domain) => { document.cookie = `access=planted; domain=${domain}; path=/`; }, domain);
  assert.equal((await ask(here, "GET", "/api/me"))[0], 200);
  assert.equal((await ask(there, "POST", "/auth/login", { username: "bob", password: "builder", remember: false }))[0], 200);
  assert.ok((await visitor.context.cookies()).every((c) => c.expires === -1), "a login that is not to be remembered");
  [status, text] = await ask(here, "GET", "/api/me");
  assert.deepEqual([status, JSON.parse(text).user], [200, "bob"]);
  [status, text] = await ask(here, "GET", "/auth/sessions");
  assert.equal(status, 200, text);
  const list = JSON.parse(text).sessions;
  assert.ok(list.length === 1 && list[0].current && list[0].id !== session, text);

  // A logout at one clears them for both.
  assert.equal((await ask(there, "POST", "/auth/logout"))[0], 200);
  assert.deepEqual(await visitor.context.cookies(), []);
  assert.match(await act(here, "me"), /: 401 /);
  await loginForm(here).waitFor();
});
