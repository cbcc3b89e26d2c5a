// Sessions that end. Nobody else is the admin, so that sessions can be counted.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { accessOf, act, loginForm, logged, logIn, present, refusedAsRevoked, Visitor } from "./visitor.mjs";

describe("ending", () => {
  const admin = ["admin", "correct-horse"];
  let one, two, tab, beside, other;
  before(async () => {
    [one, two] = [await Visitor.arrive(), await Visitor.arrive()];
    [tab, beside, other] = [await one.loggedInTab(...admin), await one.tab(), await two.loggedInTab(...admin)];
  });
  after(() => Promise.all([one.leave(), two.leave()]));

  test("list and end sessions", async () => {
    assert.equal(await act(other, "list"), "sessions: 2");
    const rows = other.locator("#sessions tbody tr");
    const end = rows.getByText("End", { exact: true });
    assert.match(await logged(other, () => end.click()), /^DELETE \/auth\/sessions\/[\w-]{22}: 204/);
    assert.equal(await rows.count(), 1);
    assert.match(await act(tab, "me"), /^GET \/api\/me: 401 .*token_revoked/);
    await Promise.all([tab, beside].map((tab) => loginForm(tab).waitFor()));

    await logged(other, () => rows.getByText("End this one").click());
    await loginForm(other).waitFor();
  });

  test("log out", async () => {
    await logIn(tab, ...admin);
    const { access } = await one.lastPair();
    assert.equal(await act(beside, "logout"), "logged out");
    await Promise.all([tab, beside].map((tab) => loginForm(tab).waitFor()));
    await refusedAsRevoked(access);
    await tab.reload();
    await loginForm(tab).waitFor();
    assert.deepEqual(await one.context.cookies(), []);
  });

  test("log out everywhere", async () => {
    await logIn(tab, ...admin);
    await logIn(other, ...admin);
    const accesses = [(await one.lastPair()).access, (await two.lastPair()).access];
    assert.equal(await act(tab, "logoutAll"), "logged out everywhere, sessions ended: 2");
    await Promise.all([tab, beside].map((tab) => loginForm(tab).waitFor()));
    for (const access of accesses) await refusedAsRevoked(access);
    assert.match(await act(other, "me"), /: 401 /);
    await loginForm(other).waitFor();
    assert.deepEqual(await one.context.cookies(), []);
  });

  test("a thief moved on, the victim comes after", async () => {
    await logIn(tab, ...admin);
    const answer = await present((await one.lastPair()).refresh);
    assert.equal(answer.status, 200);
    const access = accessOf(answer, await answer.json());
    assert.equal(await act(tab, "reissue"), "the session has ended");
    await Promise.all([tab, beside].map((tab) => loginForm(tab).waitFor()));
    await refusedAsRevoked(access);
  });
});
