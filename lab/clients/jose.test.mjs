// jose verifies access tokens through the JWKS, as a resource server would that
// knows nothing of Ratchet but its URL.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as jose from "jose";
import { login, url } from "./login.mjs";

const algorithm = process.env.SIGNING_ALG;
const keys = jose.createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
const expected = { issuer: "ratchet-example", audience: "api", typ: "at+jwt", algorithms: [algorithm] };

test("an access token", async () => {
  const { body: tokens } = await login();
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.access_token, keys, {
    ...expected,
    requiredClaims: ["iat", "exp", "jti", "sid", "gen", "auth_time"],
  });
  assert.equal(protectedHeader.alg, algorithm);
  assert.equal(payload.sub, "alice");
  assert.equal(payload.sid, tokens.session_id);
  assert.equal(payload.jti, `${payload.sid}.${payload.gen}`);
  assert.deepEqual(payload.roles, ["user"]);
});

test("the access token after a reissue", async () => {
  const { body: first } = await login();
  const answer = await fetch(`${url}/auth/reissue`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: first.refresh_token }),
  });
  const second = await answer.json();
  const { payload } = await jose.jwtVerify(second.access_token, keys, expected);
  assert.equal(payload.gen, 1);
  assert.equal(payload.sid, first.session_id);
});

test("a refresh token is no access token", async () => {
  const { refresh_token } = (await login()).body;
  assert.equal(jose.decodeProtectedHeader(refresh_token).typ, "rt+jwt");
  // Its key is not among the public ones, so it fails before its typ counts.
  await assert.rejects(jose.jwtVerify(refresh_token, keys, expected), jose.errors.JOSEError);
});

test("typ alone tells the two apart", async () => {
  const { access_token } = (await login()).body;
  await assert.rejects(jose.jwtVerify(access_token, keys, { ...expected, typ: "rt+jwt" }),
    { code: "ERR_JWT_CLAIM_VALIDATION_FAILED", claim: "typ" });
});

test("a changed access token", async () => {
  const { access_token } = (await login()).body;
  const [header, payload, signature] = access_token.split(".");
  const claims = { ...jose.decodeJwt(access_token), sub: "admin" };
  const forged = Buffer.from(JSON.stringify(claims)).toString("base64url");
  assert.notEqual(forged, payload);
  await assert.rejects(jose.jwtVerify(`${header}.${forged}.${signature}`, keys, expected),
    { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
});

test("the JWKS has public keys only", async () => {
  const answer = await fetch(`${url}/.well-known/jwks.json`);
  assert.equal(answer.headers.get("Content-Type"), "application/jwk-set+json");
  const set = await answer.json();
  assert.equal(set.keys.length, 1);
  const [key] = set.keys;
  for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert.ok(!(secret in key), `${secret} is there`);
  assert.equal(key.alg, algorithm);
  assert.equal(key.use, "sig");
  assert.equal((await jose.importJWK(key, algorithm)).type, "public");
});
