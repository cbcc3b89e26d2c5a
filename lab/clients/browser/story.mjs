// The whole story that the demo page tells: a login, lives that run down, a
// second session, a theft, and an administrator.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, loginForm, logged, logIn, transport, Visitor } from "./visitor.mjs";

// Collects what a tab says is wrong, but for answers that refuse, which the
// browser reports as well.
function errorsOf(tab) {
  const errors = [];
  tab.on("console", (m) => { if (m.type() === "error" && !/^Failed to load resource/.test(m.text())) errors.push(m.text()); });
  tab.on("pageerror", (error) => errors.push(String(error)));
  return errors;
}

const event = (tab, text) => tab.locator("#events li", { hasText: text }).first().waitFor();
const scale = (tab, bar) => tab.locator(`${bar} i`).evaluate((i) => Number(/scaleX\((.*)\)/.exec(i.style.transform)[1]));

async function runsDown(tab, bar) {
  const before = await scale(tab, bar);
  assert.ok(before > 0 && before <= 1, `${bar} begins with ${before}`);
  await tab.waitForFunction(([bar, before]) => {
    const now = Number(/scaleX\((.*)\)/.exec(document.querySelector(`${bar} i`).style.transform)[1]);
    return now < before;
  }, [bar, before]);
}

test("the story", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  const errors = errorsOf(tab);

  await tab.getByRole("button", { name: "alice" }).click();
  await tab.keyboard.press("Enter");
  await tab.locator("#user", { hasText: "alice" }).waitFor();
  await tab.locator("#feed", { hasText: "live" }).waitFor();
  await runsDown(tab, "#access-bar");
  await runsDown(tab, "#refresh-bar");
  assert.match(await tab.locator("#access-bar").getAttribute("aria-valuetext"), /^expires in /);

  const low = await scale(tab, "#access-bar");
  assert.equal(await act(tab, "reissue"), "reissued");
  await event(tab, "refresh token 0 was exchanged for 1");
  assert.ok(await scale(tab, "#access-bar") > low, "a reissue does not fill the bar");

  assert.equal(await act(tab, "second"), "opened a second session, of alice");
  await event(tab, "alice, second session");
  assert.equal(await tab.locator("#second-state").textContent(), "live");
  assert.equal(await act(tab, "list"), "sessions: 2");

  const told = await act(tab, "steal");
  if (transport === "bearer") {
    await theft(tab);
  } else {
    assert.match(told, /^nothing to steal: document\.cookie is "", and the database has no refresh token$/);
    assert.match(await tab.locator("#theft-hint").textContent(), /no script can.*curl -X POST --cookie 'refresh=…'/s);
    assert.match(await act(tab, "me"), /: 200 /);
  }

  // What ends a session ends the other only if it is meant for all.
  if (transport !== "cookie") assert.match(await act(tab, "secondMe"), /^GET \/api\/me, as the second session: 200 /);
  assert.match(await act(tab, "logoutAll"), /^logged out everywhere, sessions ended: [1-9]/);
  await loginForm(tab).waitFor();
  assert.deepEqual(errors, []);
});

async function theft(tab) {
  await tab.locator("#log li", { hasText: /^.*the thief presents the copy: 401 .*refresh_invalid/ }).waitFor();
  await event(tab, "ended: a used refresh token came back");
  await tab.locator("#dead:visible", { hasText: "a used refresh token came back" }).waitFor();
  assert.equal(await tab.locator("#dead h3").textContent(), "Replay detected");
  assert.equal(await tab.locator("#state").textContent(), "ended");
  assert.ok(await tab.locator("[data-action=me]").isEnabled());
  for (const action of ["ping", "reissue", "list", "logout", "logoutAll", "steal"]) {
    assert.ok(await tab.locator(`[data-action=${action}]`).isDisabled(), `${action} is of no use any more`);
  }
  assert.equal(await scale(tab, "#refresh-bar"), 0);
  assert.equal(await tab.locator("tr.gone em").textContent(), "this session");
  assert.match(await act(tab, "me"), /^GET \/api\/me: 401 .*token_revoked/);
  await loginForm(tab).waitFor();
  await tab.locator("#ended:visible", { hasText: "a used refresh token came back" }).waitFor();
  await logIn(tab);
  await tab.locator("#feed", { hasText: "live" }).waitFor();
  assert.ok(await tab.locator("[data-action=steal]").isEnabled());
}

test("an administrator sees all and blocks", async (t) => {
  const [one, two] = [await Visitor.arrive(), await Visitor.arrive()];
  t.after(() => Promise.all([one.leave(), two.leave()]));
  const bob = await one.loggedInTab("bob", "builder");
  const admin = await two.loggedInTab("admin", "correct-horse");
  const errors = [errorsOf(bob), errorsOf(admin)];
  assert.equal(await bob.locator("#admin").isVisible(), false);
  await Promise.all([bob, admin].map((tab) => tab.locator("#feed", { hasText: "live" }).waitFor()));

  assert.equal(await act(bob, "reissue"), "reissued");
  await event(admin, "bob, session");
  assert.match(await act(admin, "block"), /^PUT \/admin\/users\/bob\/block: 204/);
  await event(admin, "user-blocked");
  await bob.locator("#dead:visible", { hasText: "an administrator blocked the user" }).waitFor();
  assert.equal(await bob.locator("#dead h3").textContent(), "User blocked");
  assert.match(await act(bob, "me"), /^GET \/api\/me: 401 .*token_revoked/);
  await loginForm(bob).waitFor();
  await bob.getByLabel("User name").fill("bob");
  await bob.getByLabel("Password").fill("builder");
  assert.match(await logged(bob, () => bob.getByRole("button", { name: "Log in" }).click()), /^403 user_blocked/);
  assert.match(await act(admin, "unblock"), /^DELETE \/admin\/users\/bob\/block: 204/);
  await logIn(bob, "bob", "builder");
  assert.match(await act(admin, "endAll"), /^DELETE \/admin\/users\/bob\/sessions: 200 {"ended":1}/);
  await bob.locator("#dead:visible", { hasText: "all of the user's were ended" }).waitFor();
  assert.equal(await act(bob, "again"), "ready for another login");
  await bob.locator("#login input[name=username]:focus").waitFor();
  assert.equal(await act(admin, "logout"), "logged out");
  assert.deepEqual(errors, [[], []]);
});

test("360 pixels are enough for all of it", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  await tab.setViewportSize({ width: 360, height: 740 });
  const width = () => tab.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await width(), 360);
  await logIn(tab, "admin", "correct-horse");
  await tab.locator("summary").click();
  for (const action of ["me", "second", "list", "steal"]) await act(tab, action);
  if (transport === "bearer") await verdictInView(tab);
  assert.equal(await width(), 360);
  if (transport === "bearer") await logInAgain(tab);
  else await act(tab, "logoutAll");
});

// Waits until the verdict has come into view by itself.
async function verdictInView(tab) {
  await tab.waitForFunction(() => {
    const { top, bottom } = document.getElementById("dead").getBoundingClientRect();
    return bottom > top && top >= 0 && bottom <= innerHeight;
  });
  await tab.locator("#log li", { hasText: "the thief presents the copy" }).waitFor();
  assert.equal(await tab.locator("#ticker").textContent(), "Replay detected: the session has ended");
}

// Takes the way on, by keyboard.
async function logInAgain(tab) {
  await tab.locator("[data-action=again]:focus").waitFor();
  await logged(tab, () => tab.keyboard.press("Enter"));
  await tab.locator("#login input[name=username]:focus").waitFor();
  await tab.locator("#ended:visible", { hasText: "Replay detected" }).waitFor();
}
