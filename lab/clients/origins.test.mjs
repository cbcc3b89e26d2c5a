// One browser at both programs, which share a store: two tabs at each origin,
// and a thief who presents a used refresh token of the first to the second.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, codeOf, loginForm, logIn, present, refusedAsRevoked, transport, url, Visitor } from "./browser/visitor.mjs";

const elsewhere = process.env.ELSEWHERE_URL;

test("logged out everywhere", async (t) => {
  const visitor = await Visitor.arrive(url, elsewhere);
  t.after(() => visitor.leave());
  const here = [await visitor.loggedInTab(), await visitor.tab()];
  const [stolen] = await visitor.pairs();
  assert.equal(await act(here[0], "reissue"), "reissued");

  // The other origin has nothing in its database. With cookies the login is
  // there all the same, and with bearer it takes one of its own.
  const there = [await visitor.tab(elsewhere)];
  await loginForm(there[0]).waitFor();
  const found = await there[0].evaluate(async () => {
    const { Ratchet } = await import("/ratchet.js");
    return new Ratchet().reissue();
  });
  assert.equal(found, transport !== "bearer");
  if (!found) await logIn(there[0]);
  there.push(await visitor.tab(elsewhere));
  const pairs = await visitor.pairs();
  assert.equal(pairs.length, 3);
  assert.equal(pairs[2].claims.sid === stolen.claims.sid, found);
  for (const tab of [...here, ...there]) assert.match(await act(tab, "me"), /: 200 .*"user":"alice"/);

  const answer = await present(stolen.refresh, undefined, elsewhere);
  assert.equal(answer.status, 401);
  assert.equal(await codeOf(answer), "refresh_invalid");

  assert.match(await act(here[1], "me"), /: 401 .*token_revoked/);
  for (const tab of here) await loginForm(tab).waitFor();
  const dead = pairs.filter(({ claims }) => claims.sid === stolen.claims.sid);
  for (const { access } of dead) {
    for (const at of [url, elsewhere]) await refusedAsRevoked(access, at);
  }
  if (!found) return assert.match(await act(there[1], "me"), /: 200 /); // another session lives
  assert.match(await act(there[1], "me"), /: 401 .*token_revoked/);
  for (const tab of there) await loginForm(tab).waitFor();
});
