// Answers that are lost, late or refused.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { act, loginForm, logIn, me, present, transport, url, Visitor } from "./visitor.mjs";

const expired = (code = "token_expired") => ({ status: 401, json: { error: "invalid_token", error_description: "forged by the test", code } });

describe("trouble", () => {
  let visitor, tab, beside;
  before(async () => {
    visitor = await Visitor.arrive();
    [tab, beside] = [await visitor.tab(), await visitor.tab()];
  });
  after(() => visitor.leave());
  beforeEach(async () => {
    await tab.unrouteAll();
    if (await tab.locator("#user").textContent() !== "alice") {
      if (!await loginForm(tab).isVisible()) await act(tab, "logout");
      await logIn(tab);
    }
    await beside.locator("#user", { hasText: "alice" }).waitFor();
    visitor.forget();
  });

  // Returns the tokens that the page has by now.
  async function current() {
    await act(tab, "reissue");
    const pair = await visitor.lastPair();
    visitor.forget();
    return pair;
  }

  test("a lost answer, a reload, and the same attempt again", async () => {
    const { refresh, claims } = await current();
    let lost;
    await tab.route("**/auth/reissue", async (route) => {
      lost = await present(refresh, route.request().headers()["idempotency-key"]);
      await route.abort("connectionreset");
    }, { times: 1 });
    assert.match(await act(tab, "reissue"), /^no answer, try again/);
    assert.equal(lost.status, 200);
    assert.equal(await tab.locator("#account").isVisible(), true);

    await tab.reload();
    await tab.locator("#user", { hasText: "alice" }).waitFor();
    // REUSE_GRACE=strict: with another key this would be theft.
    assert.equal(await act(tab, "reissue"), "reissued");
    assert.equal((await visitor.lastPair()).claims.gen, claims.gen + 1);
    assert.equal(await act(tab, "reissue"), "reissued");
    assert.equal((await visitor.lastPair()).claims.gen, claims.gen + 2);
    assert.match(await act(tab, "me"), /: 200 /);
    const [first, second, third] = visitor.keys();
    assert.equal(visitor.keys().length, 3);
    assert.equal(first, second);
    assert.notEqual(second, third);
  });

  test("503 keeps the login", async () => {
    const unavailable = {
      status: 503, headers: { "Retry-After": "7" },
      json: { error: "temporarily_unavailable", error_description: "forged by the test", code: "store_unavailable" },
    };
    await tab.route("**/auth/reissue", (route) => route.fulfill(unavailable), { times: 2 });
    assert.equal(await act(tab, "reissue"), "unavailable, still logged in, try again in 7 s");
    await tab.route("**/api/me", (route) => route.fulfill(expired()), { times: 1 });
    assert.equal(await act(tab, "me"), "unavailable, still logged in, try again in 7 s");
    for (const page of [tab, beside]) assert.equal(await loginForm(page).isVisible(), false);
    assert.equal(await act(tab, "reissue"), "reissued");
    assert.match(await act(beside, "me"), /: 200 /);
    assert.equal(visitor.keys().length, 3);
    assert.equal(new Set(visitor.keys()).size, 1);
  });

  test("other failures of a reissue keep the login", async () => {
    const answers = [
      { status: 500, json: { code: "internal" } },
      { status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" },
      { status: 401, contentType: "text/html", body: "<h1>a proxy wants a password</h1>" },
      { status: 403, json: { code: "cross_origin" } },
      { status: 429, headers: { "Retry-After": "60" }, body: "" },
      { status: 200, contentType: "application/json", body: "{" },
    ];
    for (const answer of answers) {
      await tab.route("**/auth/reissue", (route) => route.fulfill(answer), { times: 1 });
      assert.notEqual(await act(tab, "reissue"), "reissued");
      assert.equal(await loginForm(tab).isVisible(), false);
    }
    assert.equal(await act(tab, "reissue"), "reissued");
    assert.equal(new Set(visitor.keys()).size, 1);
  });

  test("a network that fails keeps the login", async () => {
    await visitor.context.setOffline(true);
    for (const action of ["me", "reissue", "logout", "logoutAll"]) {
      assert.match(await act(tab, action), /^no answer, try again/);
      assert.equal(await loginForm(tab).isVisible(), false);
    }
    await visitor.context.setOffline(false);
    assert.match(await act(tab, "me"), /: 200 /);
  });

  test("a 401 that stays is no loop", async () => {
    await tab.route("**/api/me", (route) => route.fulfill(expired()));
    assert.match(await act(tab, "me"), /: 401 /);
    assert.equal(visitor.count("/api/me"), 2);
    assert.equal(visitor.keys().length, 1);
    assert.match(await act(tab, "ping"), /: 200 /);
  });

  test("a 401 of the application is not about the token", async () => {
    await tab.route("**/api/ping", (route) => route.fulfill(expired("bad_credentials")));
    assert.match(await act(tab, "ping"), /: 401 /);
    assert.equal(visitor.count("/api/ping"), 1);
    assert.deepEqual(visitor.keys(), []);
  });

  test("a request is not repeated as somebody else", async () => {
    let answer;
    const switched = new Promise((resolve) => { answer = resolve; });
    await tab.route("**/api/ping", async (route) => {
      await switched;
      await route.fulfill(expired("token_revoked"));
    });
    const [line] = await Promise.all([[act(tab, "ping")], tab.waitForRequest("**/api/ping")]);
    await act(beside, "logout");
    await logIn(beside, "bob", "builder");
    answer();
    assert.match(await line[0], /: 401 /);
    assert.equal(visitor.count("/api/ping"), 1);
    await tab.locator("#user", { hasText: "bob" }).waitFor();
  });

  test("a login in place of another ends that", async () => {
    const { access } = await current();
    await tab.evaluate(async () => {
      const { Ratchet } = await import("/ratchet.js");
      await new Ratchet().login({ username: "bob", password: "builder" });
    });
    await tab.locator("#user", { hasText: "bob" }).waitFor();
    assert.equal((await me(access)).status, 401);
    assert.match(await act(tab, "me"), /: 200 .*"user":"bob"/);
  });

  test("another origin gets no token", async () => {
    const name = await tab.evaluate(async (elsewhere) => {
      const { Ratchet } = await import("/ratchet.js");
      return new Ratchet().fetch(elsewhere).then(() => "an answer", (error) => error.name + ": " + error.message);
    }, `${url.replace("127.0.0.1", "localhost")}/api/me`);
    assert.match(name, /^TypeError: ratchet: .* is of another origin$/);
  });

  test("a database that the browser has emptied", async () => {
    await tab.evaluate(() => new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase("ratchet");
      deleting.onsuccess = resolve;
      deleting.onerror = deleting.onblocked = () => reject(new Error("the database is in use"));
    }));
    await tab.reload();
    await loginForm(tab).waitFor();
    const found = await tab.evaluate(async () => {
      const { Ratchet } = await import("/ratchet.js");
      return new Ratchet().reissue();
    });
    assert.equal(found, transport !== "bearer");
    if (!found) return beside.reload(); // nobody has told it
    await tab.locator("#user", { hasText: "alice" }).waitFor();
    assert.match(await act(tab, "me"), /: 200 /);
  });

  test("a visitor who is not logged in is not taken for one", async () => {
    await act(tab, "logout");
    visitor.forget();
    const status = await tab.evaluate(async () => {
      const { Ratchet } = await import("/ratchet.js");
      return (await new Ratchet().fetch("/api/me")).status;
    });
    assert.equal(status, 401);
    assert.deepEqual(visitor.requests.filter((r) => r.method === "POST"), []);
  });
});

// Pages on plain http other than localhost have no locks.
test("two tabs at once without locks", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  await visitor.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
  const tabs = [await visitor.loggedInTab(), await visitor.tab()];
  let waiting = 0, open;
  const both = new Promise((resolve) => { open = resolve; });
  await visitor.context.route("**/auth/reissue", async (route) => {
    if (++waiting === 2) open();
    await both;
    await route.continue();
  }, { times: 2 });
  assert.deepEqual(await Promise.all(tabs.map((tab) => act(tab, "reissue"))), ["reissued", "reissued"]);
  // A cookie goes along when the request does: maybe the one just set.
  const last = (await visitor.lastPair()).claims.gen;
  assert.ok(last === 1 || last === 2 && transport !== "bearer", `generation ${last}`);
  assert.deepEqual((await visitor.pairs()).map((p) => p.claims.gen), [0, 1, last]);
  for (const tab of tabs) assert.match(await act(tab, "me"), /: 200 /);
});

// A database of that name may be somebody else's: what cannot be stored fails,
// and does not wait for ever with the lock in its hands.
test("another's database", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const page = await visitor.context.newPage();
  await page.goto(new URL("/healthz", url).href);
  const ended = await page.evaluate(async () => {
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open("ratchet", 1);
      opening.onsuccess = () => { opening.result.close(); resolve(); };
      opening.onerror = () => reject(opening.error);
    });
    const { Ratchet } = await import("/ratchet.js");
    return new Ratchet().reissue().then(() => "resolved", (error) => error.name);
  });
  assert.equal(ended, "NotFoundError");
});
