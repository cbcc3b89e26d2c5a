// axios with the interceptors of docs/guides/single-page-apps.md, which the test
// takes from there. What a browser does with cookies, a jar does here.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import axios from "axios";
import { url } from "./login.mjs";

const guide = readFileSync(new URL("../../docs/guides/single-page-apps.md", import.meta.url), "utf8");
const [, recipe] = guide.match(/^```js\n(.*?)^```$/ms);
const { client } = await import(`data:text/javascript,${encodeURIComponent(recipe)}`);

// page returns a client of the guide, in a page of its own, with a list of what
// it sends and a jar that a page loaded anew finds again.
function page(jar = new Map()) {
  const sent = [];
  const create = (defaults) => {
    const instance = axios.create(defaults);
    const keep = (response) => {
      for (const line of response?.headers["set-cookie"] ?? []) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
    };
    instance.interceptors.request.use((config) => {
      sent.push(`${config.method} ${config.url}`);
      config.headers.Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      return config;
    });
    instance.interceptors.response.use(
      (response) => (keep(response), response),
      (error) => (keep(error.response), Promise.reject(error)),
    );
    return instance;
  };
  return { api: client({ create }, url), sent, jar };
}

const login = (api) => api.post("/auth/login", { username: "alice", password: "wonderland" });
const count = (sent, request) => sent.filter((r) => r === request).length;

test("a login is kept, and is there when the page is loaded anew", async () => {
  const first = page();
  await login(first.api);
  assert.equal((await first.api.get("/api/me")).data.user, "alice");
  assert.equal(count(first.sent, "post /auth/reissue"), 0);

  const again = page(first.jar);
  const answers = await Promise.all(Array.from({ length: 5 }, () => again.api.get("/api/me")));
  assert.deepEqual(answers.map(({ data }) => data.user), Array(5).fill("alice"));
  assert.equal(count(again.sent, "post /auth/reissue"), 1);
  assert.deepEqual((await again.api.post("/api/ping", { text: "a body" })).data, { ok: true });
});

test("a wrong password asks for no reissue", async () => {
  const { api, sent } = page();
  await assert.rejects(api.post("/auth/login", { username: "alice", password: "wrong" }), ({ response }) => response.data.code === "bad_credentials");
  assert.deepEqual(sent, ["post /auth/login"]);
});

test("a login that is over does not loop", async () => {
  const { api, sent, jar } = page();
  await login(api);
  const kept = new Map(jar);
  await api.post("/auth/logout");
  for (const [cookies, code] of [[jar, "refresh_missing"], [kept, "refresh_invalid"]]) {
    jar.clear();
    for (const [name, value] of cookies) jar.set(name, value);
    sent.length = 0;
    await assert.rejects(api.get("/api/me"), ({ response }) => response.status === 401 && response.data.code === code);
    assert.deepEqual(sent, ["get /api/me", "post /auth/reissue"]);
  }
});

test("a request that is refused again is sent twice, never a third time", async (t) => {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const [status, body] = request.url === "/auth/reissue" ? [200, { access_token: `token ${asked.length}` }] : [401, { code: "token_revoked" }];
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
  t.after(() => server.close());
  const api = client(axios, `http://127.0.0.1:${server.address().port}`);
  await assert.rejects(api.get("/api/me"), ({ response }) => response.data.code === "token_revoked");
  assert.deepEqual(asked, ["/api/me", "/auth/reissue", "/api/me"]);
});
