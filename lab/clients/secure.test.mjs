// Cookies over https, under the names that browsers protect.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, loginForm, transport, Visitor } from "./browser/visitor.mjs";

test("__Host- cookies", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.loggedInTab();
  assert.equal(await act(tab, "reissue"), "reissued");
  assert.match(await act(tab, "me"), /: 200 .*"user":"alice"/);
  assert.equal(await act(tab, "ping"), 'POST /api/ping: 200 {"ok":true}');

  const cookies = await visitor.context.cookies();
  const expected = { hybrid: ["__Host-refresh Strict"], cookie: ["__Host-access Lax", "__Host-refresh Lax"] }[transport];
  assert.deepEqual(cookies.map((c) => `${c.name} ${c.sameSite}`).sort(), expected);
  for (const cookie of cookies) {
    assert.ok(cookie.secure && cookie.httpOnly && cookie.path === "/", cookie.name);
  }
  assert.equal(await tab.evaluate(() => document.cookie), "");

  assert.equal(await act(tab, "logout"), "logged out");
  await loginForm(tab).waitFor();
  assert.deepEqual(await visitor.context.cookies(), []);
});
