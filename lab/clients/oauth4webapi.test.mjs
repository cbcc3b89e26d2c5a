// oauth4webapi refreshes and revokes. It checks the answers by the letter of
// RFC 6749, 6750 and 7009, and throws at whatever it does not find there.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { login, url } from "./login.mjs";

const server = { issuer: url, token_endpoint: `${url}/auth/reissue`, revocation_endpoint: `${url}/auth/logout` };
const client = { client_id: "client" };
const http = { [oauth.allowInsecureRequests]: true };

// Ratchet knows no clients: it heeds none of these and trips over none.
const authentications = {
  none: oauth.None(),
  basic: oauth.ClientSecretBasic("secret"),
  post: oauth.ClientSecretPost("secret"),
};

async function refresh(authentication, token) {
  const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, http);
  return oauth.processRefreshTokenResponse(server, client, answer);
}

async function revoke(authentication, token, hint) {
  const additionalParameters = hint ? { token_type_hint: hint } : {};
  const answer = await oauth.revocationRequest(server, client, authentication, token, { ...http, additionalParameters });
  return oauth.processRevocationResponse(answer);
}

const me = (accessToken) => oauth.protectedResourceRequest(accessToken, "GET", new URL(`${url}/api/me`), undefined, undefined, http);

const refused = { name: "ResponseBodyError", status: 400, error: "invalid_grant" };

function revoked(error) {
  assert.equal(error.name, "WWWAuthenticateChallengeError");
  assert.equal(error.status, 401);
  const [challenge] = error.cause;
  assert.equal(challenge.scheme, "bearer");
  assert.equal(challenge.parameters.error, "invalid_token");
  assert.ok(challenge.parameters.error_description);
  return true;
}

for (const [name, authentication] of Object.entries(authentications)) {
  test(`refresh, client authentication ${name}`, async () => {
    let { body: tokens } = await login();
    for (let generation = 1; generation <= 3; generation++) {
      const next = await refresh(authentication, tokens.refresh_token);
      assert.notEqual(next.refresh_token, tokens.refresh_token);
      assert.ok(next.expires_in > 0);
      tokens = next;
    }
    const answer = await me(tokens.access_token);
    assert.equal((await answer.json()).user, "alice");
  });

  test(`reuse, client authentication ${name}`, async () => {
    const { body: first } = await login();
    const second = await refresh(authentication, first.refresh_token);
    await assert.rejects(refresh(authentication, first.refresh_token), refused);
    await assert.rejects(refresh(authentication, second.refresh_token), refused);
    await assert.rejects(me(second.access_token), revoked);
  });

  test(`revoke, client authentication ${name}`, async () => {
    const { body: tokens } = await login();
    await revoke(authentication, "rubbish", "refresh_token");
    await revoke(authentication, tokens.refresh_token, "refresh_token");
    await assert.rejects(me(tokens.access_token), revoked);
  });
}

// RFC 7009, section 2.1: a hint that is wrong or unknown changes nothing.
for (const kind of ["access_token", "refresh_token"]) {
  for (const hint of ["access_token", "refresh_token", "unknown", ""]) {
    test(`revoke by ${kind}, hint ${hint || "absent"}`, async () => {
      const { body: tokens } = await login();
      await revoke(oauth.None(), tokens[kind], hint);
      await assert.rejects(me(tokens.access_token), revoked);
      await assert.rejects(refresh(oauth.None(), tokens.refresh_token), refused);
      await revoke(oauth.None(), tokens[kind], hint); // section 2.2: an invalid token is no error
    });
  }
}

test("another grant is refused", async () => {
  const answer = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), "client_credentials", {}, http);
  await assert.rejects(oauth.processGenericTokenEndpointResponse(server, client, answer),
    { name: "ResponseBodyError", status: 400, error: "unsupported_grant_type" });
});

test("a request without a token is challenged", async () => {
  const answer = await fetch(`${url}/api/me`);
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get("WWW-Authenticate"), 'Bearer realm="ratchet-example"');
});
