// Staying logged in while access tokens expire, at a program whose access
// tokens last for seconds.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { act, expiry, Visitor } from "./browser/visitor.mjs";

const requests = 6; // of each tab at once

// The programs under test, by setting: a transport, or "silent" for the cookie
// transport with silent reissues.
const settings = JSON.parse(process.env.RATCHET_URLS);

describe("two tabs over three lifetimes", { concurrency: true }, () => {
  for (const [setting, url] of Object.entries(settings)) test(setting, (t) => threeLifetimes(t, setting, url));
});

async function threeLifetimes(t, setting, url) {
  const visitor = await Visitor.arrive(url);
  t.after(() => visitor.leave());
  const one = await visitor.loggedInTab();
  let two = await visitor.tab();
  const expired = async (generation) => expiry((await visitor.pairSince(generation)).access, url);

  // Each tab asks for something.
  await expired(0);
  for (const line of await Promise.all([act(one, "me"), act(two, "ping")])) assert.match(line, /: 200 /);

  // Each tab asks for many things at once.
  await expired(1);
  const statuses = await Promise.all([one, two].map(burst));
  assert.deepEqual(statuses.flat(), Array(2 * requests).fill(200));

  // One tab is opened when the token has expired, while the other asks.
  await expired(2); // with both tabs open: what a closed one has received cannot be seen
  await two.close();
  const [line, page] = await Promise.all([act(one, "me"), visitor.tab()]);
  assert.match(line, /: 200 /);
  two = page;
  await two.locator("#user", { hasText: "alice" }).waitFor();
  for (const tab of [one, two]) assert.match(await act(tab, "me"), /: 200 /);

  await visitor.pairSince(3);
  const pairs = await visitor.pairs();
  // A cookie lasts for whole seconds, so it may go before its token expires.
  const generations = oneRotationALifetime(pairs, 3, setting === "silent" ? 1 : 0);
  const keys = visitor.keys();
  if (setting === "silent") {
    // Whoever asks together gets the same pair, with no step made.
    assert.deepEqual(keys, []);
  } else {
    // One request for each generation but the first, each with a key of its own.
    assert.equal(pairs.length, generations);
    assert.equal(keys.length, generations - 1);
    assert.equal(new Set(keys).size, keys.length);
    assert.ok(keys.every((key) => /^[0-9a-f]{32}$/.test(key)));
  }
}

// Sends requests at once, GET and POST with a body, and returns their statuses.
function burst(tab) {
  return tab.evaluate(async (requests) => {
    const { Ratchet } = await import("/ratchet.js");
    const session = new Ratchet();
    return Promise.all(Array.from({ length: requests }, async (_, i) => {
      const answer = await (i % 2 ? session.fetch("/api/me") : session.fetch("/api/ping", { method: "POST", body: "x".repeat(1000) }));
      return answer.status;
    }));
  }, requests);
}

// Checks that every generation was made when the one before had expired, or a
// number of seconds sooner, that none is missing, and returns how many there
// are. On a busy machine more lifetimes may have passed than were waited for.
function oneRotationALifetime(pairs, lifetimes, sooner) {
  const distinct = [...new Map(pairs.map((p) => [p.claims.jti, p.claims])).values()].sort((a, b) => a.gen - b.gen);
  assert.ok(distinct.length > lifetimes, `${distinct.length - 1} rotations in ${lifetimes} lifetimes`);
  for (const [i, claims] of distinct.entries()) {
    assert.equal(claims.gen, i);
    assert.equal(claims.sid, distinct[0].sid);
    if (i === 0) continue;
    const { exp } = distinct[i - 1];
    assert.ok(claims.iat >= exp - sooner, `generation ${i} was made at ${claims.iat}, its parent was good until ${exp}`);
  }
  return distinct.length;
}
