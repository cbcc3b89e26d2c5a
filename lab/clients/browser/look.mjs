// The page, whatever the transport.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, loginForm, logged, logIn, Visitor } from "./visitor.mjs";

test("the keyboard is enough", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  const type = async (...keys) => {
    for (const key of keys) await tab.keyboard.press(key);
  };
  await loginForm(tab).waitFor();
  await type("Tab");
  await tab.keyboard.type("alice");
  await type("Tab");
  await tab.keyboard.type("wonderland");
  assert.equal(await logged(tab, () => type("Enter")), "logged in");
  await tab.locator("#user", { hasText: "alice" }).waitFor();
  await tab.locator("[data-action=me]:focus").waitFor();
  assert.match(await logged(tab, () => type("Enter")), /^GET \/api\/me: 200/);
  await type("Tab");
  assert.match(await logged(tab, () => type("Space")), /^POST \/api\/ping: 200/);
});

test("light and dark", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  const colours = async (colorScheme) => {
    await tab.emulateMedia({ colorScheme });
    return tab.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.backgroundColor, style.color].map((c) => c.match(/\d+/g).slice(0, 3).reduce((sum, n) => sum + Number(n), 0));
    });
  };
  const [lightBack, lightText] = await colours("light");
  const [darkBack, darkText] = await colours("dark");
  assert.ok(lightBack > lightText && darkBack < darkText, `${lightBack} ${lightText} ${darkBack} ${darkText}`);
});

test("a narrow screen", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.tab();
  const width = 360;
  await tab.setViewportSize({ width, height: 740 });
  const tooWide = () => tab.evaluate(() => [...document.querySelectorAll("main, main *:not(pre)")]
    .filter((e) => e.checkVisibility() && (e.getBoundingClientRect().right > innerWidth || e.scrollWidth > innerWidth))
    .map((e) => e.outerHTML));
  assert.deepEqual(await tooWide(), []);
  await logIn(tab);
  assert.match(await act(tab, "me"), /: 200 /);
  assert.match(await act(tab, "list"), /^sessions: /);
  assert.deepEqual(await tooWide(), []);
  assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth), width);
});

test("the page keeps to itself", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const page = await visitor.context.newPage();
  const answer = await page.goto(visitor.url);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  await page.evaluate(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => violations.push(e.effectiveDirective));
    const inline = document.createElement("script");
    inline.append("globalThis.injected = true");
    document.head.append(inline);
    return fetch("https://elsewhere.invalid/").catch(() => {});
  });
  await page.waitForFunction(() => ["require-trusted-types-for", "connect-src"].every((v) => violations.includes(v)));
  assert.equal(await page.evaluate(() => "injected" in globalThis), false);
  visitor.faults.length = 0; // the violations above
});
