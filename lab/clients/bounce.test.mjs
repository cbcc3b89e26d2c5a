// Pages of other origins that make the browser of a logged-in user ask for
// something and cancel it, so that the browser never gets the answer, at a
// program that reissues silently and takes every old refresh token for theft.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Network } from "./browser/network.mjs";
import { url, Visitor } from "./browser/visitor.mjs";

// What the attacker's page waits for before it cancels. The browser runs nothing
// for a test in a page that is about to be left.
let sign = Promise.resolve();

const server = createServer(async (asked, answer) => {
  const { pathname, searchParams } = new URL(asked.url, "http://attacker");
  if (pathname === "/sign") await sign;
  if (pathname === "/redirect") return answer.writeHead(302, { Location: searchParams.get("to") }).end();
  answer.setHeader("Content-Type", "text/html");
  answer.end("<!DOCTYPE html><title>Attacker</title>");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => { server.close(); server.closeAllConnections(); });

const network = await Network.before(url);

// To a browser another port is another origin of the same site; localhost is
// another site than 127.0.0.1.
const { port } = server.address();
const attackers = { "another site": `http://localhost:${port}/`, "a sibling": `http://127.0.0.1:${port}/` };

// How a page makes the browser ask, and how it cancels that.
const attacks = {
  "location": [(to) => { location.href = to; }, () => stop()],
  "location, by a redirect": [(to) => { location.href = "/redirect?to=" + encodeURIComponent(to); }, () => stop()],
  "window, closed": [(to) => { window.other = open(to); }, () => window.other.close()],
  "window, moved on": [(to) => { window.other = open(to); }, () => { window.other.location = "about:blank"; }],
  "form": [(to) => submit("GET", to), () => stop()],
  "form that posts": [(to) => submit("POST", to), () => stop(), "/auth/reissue"],
  "fetch": [(to) => {
    window.abort = new AbortController();
    fetch(to, { mode: "no-cors", credentials: "include", signal: window.abort.signal }).catch(() => {});
  }, () => window.abort.abort()],
  "image": [(to) => { (window.image = new Image()).src = to; }, () => { window.image.src = ""; }],
  "frame": [(to) => { add("iframe", { src: to }); }, () => document.querySelector("iframe").remove()],
};

// Browsers send these to another site without its cookies, or not at all.
const guesses = {
  "prefetch": (to) => add("script", { type: "speculationrules", text: rules("prefetch", to) }),
  "prerender": (to) => add("script", { type: "speculationrules", text: rules("prerender", to) }),
  "link to prefetch": (to) => add("link", { rel: "prefetch", href: to }),
};

// What the functions above call, in the page.
function helpers() {
  window.add = (name, members) => document.head.append(Object.assign(document.createElement(name), members));
  window.rules = (kind, to) => JSON.stringify({ [kind]: [{ urls: [to], eagerness: "immediate" }] });
  window.submit = (method, action) => {
    const form = Object.assign(document.createElement("form"), { method, action });
    document.body.append(form);
    form.submit();
  };
}

describe("requests of other origins", () => {
  let visitor, own;

  before(async () => {
    visitor = await Visitor.arrive(network.url);
    own = await visitor.context.newPage();
    await own.goto(`${network.url}/healthz`);
    const status = await own.evaluate(async () => {
      const body = JSON.stringify({ username: "alice", password: "wonderland" });
      return (await fetch("/auth/login", { method: "POST", headers: { "Content-Type": "application/json" }, body })).status;
    });
    assert.equal(status, 200);
  });
  after(() => visitor.leave());

  // The generation of the refresh token that the browser has.
  async function generation() {
    const { value } = (await visitor.context.cookies()).find((c) => c.name === "refresh");
    return JSON.parse(Buffer.from(value.split(".")[1], "base64url")).gen;
  }

  // What a browser has once the access token has expired.
  const expire = () => visitor.context.clearCookies({ name: "access" });

  async function attacker(origin) {
    const page = await visitor.context.newPage();
    await page.goto(origin);
    await page.evaluate(helpers);
    return page;
  }

  // Has the owner's own page ask, and checks that this, and nothing before it,
  // has moved the session on.
  async function servesTheOwner(from) {
    await expire();
    const { status, body } = await own.evaluate(async () => {
      const answer = await fetch("/api/me");
      return { status: answer.status, body: await answer.text() };
    });
    assert.equal(status, 200, body);
    assert.match(body, /"user":"alice"/);
    assert.equal(await generation(), from + 1);
  }

  for (const [from, origin] of Object.entries(attackers)) {
    for (const [name, [begin, cancel, path = "/api/me"]] of Object.entries(attacks)) {
      test(`${name}, by ${from}`, async () => {
        const before = await generation();
        await expire();
        const page = await attacker(origin);
        const held = network.hold(path);
        let give;
        sign = new Promise((resolve) => { give = resolve; });
        await page.evaluate(`fetch("/sign").then(${cancel}); (${begin})("${network.url}${path}");`);
        const { asked } = await held.answered;
        assert.equal(asked["sec-fetch-site"], from === "a sibling" ? "same-site" : "cross-site");
        give();
        await held.gone;
        await servesTheOwner(before); // while the attacker's page is open
        await page.close();
      });
    }

    // The second request is the browser's own, and nobody else's to cancel.
    test(`a window that goes on, by ${from}`, async () => {
      const before = await generation();
      await expire();
      const page = await attacker(origin);
      const first = network.hold("/api/me");
      const second = network.hold("/api/me");
      const opened = visitor.context.waitForEvent("page");
      await page.evaluate((to) => { window.other = open(to); }, `${network.url}/api/me`);
      await first.answered;
      first.release();
      const { asked } = await second.answered;
      assert.equal(asked["sec-fetch-site"], "same-origin");
      await page.evaluate(() => {
        try { window.other.location = "about:blank"; } catch { /* it is out of reach */ }
        window.other.close();
      });
      second.release();
      const shown = await opened;
      await shown.getByText('"user":"alice"').waitFor();
      assert.equal(await generation(), before + 1);
      await servesTheOwner(before + 1);
      await Promise.all([page.close(), shown.close()]);
    });

    test(`a link with a fragment, by ${from}`, async () => {
      const before = await generation();
      await expire();
      const page = await attacker(origin);
      const to = `${network.url}/api/me?a=b&c=%22#here`;
      await page.evaluate((href) => { document.body.innerHTML = "<a>follow</a>"; document.querySelector("a").href = href; }, to);
      await page.getByText("follow").click();
      await page.getByText('"user":"alice"').waitFor();
      assert.equal(page.url(), to);
      assert.equal(await generation(), before + 1);
      await page.goBack();
      assert.equal(page.url(), origin);
      await servesTheOwner(before + 1);
      await page.close();
    });
  }

  // A tab that went from the application to the attacker's page. That page sends it
  // back: the browser repeats the Sec-Fetch headers of whoever went there first,
  // and a further navigation cancels the request.
  for (const [from, origin] of Object.entries(attackers)) {
    test(`history.back(), by ${from}`, async () => {
      await expire();
      const page = await visitor.context.newPage();
      await page.goto(`${network.url}/api/me`); // the owner, who is reissued, so no cache has the page
      await page.goto(origin); // the owner follows a link
      await page.evaluate(helpers);
      const before = await generation();
      await expire();
      const held = network.hold("/api/me");
      let give;
      sign = new Promise((resolve) => { give = resolve; });
      await page.evaluate(() => {
        fetch("/sign").then(() => { location.href = "/elsewhere"; });
        setTimeout(() => history.back(), 0);
      });
      await held.answered;
      give();
      await held.gone;
      await servesTheOwner(before);
      await page.close();
    });
  }

  for (const [name, begin] of Object.entries(guesses)) {
    test(`${name}, by a sibling`, async () => {
      const before = await generation();
      await expire();
      const page = await attacker(attackers["a sibling"]);
      const held = network.hold("/api/me");
      await page.evaluate(begin, `${network.url}/api/me`);
      const { asked } = await held.answered;
      assert.match(asked["sec-purpose"], /^prefetch/);
      assert.match(asked.cookie, /refresh=/);
      await page.goto("about:blank");
      await held.gone;
      await servesTheOwner(before);
      await page.close();
    });
  }

  test("a link in a browser without scripts", async () => {
    await expire();
    const context = await visitor.context.browser().newContext({ javaScriptEnabled: false });
    await context.addCookies(await visitor.context.cookies());
    const page = await context.newPage();
    const to = `${network.url}/api/me?a=b&c=%22`;
    await page.route("**/follow", (route) => route.fulfill({ contentType: "text/html", body: `<a href="${to.replace("&", "&amp;")}">follow</a>` }));
    await page.goto(`${attackers["another site"]}follow`);
    await page.getByText("follow").click();
    await page.getByText('"user":"alice"').waitFor();
    assert.equal(page.url(), to);
    await context.close();
  });
});
