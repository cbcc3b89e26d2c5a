// A page of somebody else, in the browser of a user who is logged in.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { act, transport, url, Visitor } from "./visitor.mjs";

const server = createServer((_, answer) => {
  answer.setHeader("Content-Type", "text/html");
  answer.end("<!DOCTYPE html><title>Attacker</title>");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => server.close());

// To a browser another port is another origin of the same site, which gets the
// cookies; localhost is another site than 127.0.0.1.
const { port } = server.address();
const attackers = { "another site": `http://localhost:${port}/`, "another origin of the site": `http://127.0.0.1:${port}/` };

// What a form gets, by path. The program reads a login before the library sees
// it, and a form is no JSON. A transport without cookies has nothing to protect:
// its endpoints find no credential.
function expected(path, attacker) {
  if (path === "/auth/login") return "415 unsupported_media_type";
  const checked = ["/auth/reissue", "/auth/logout"].includes(path);
  if (transport !== "bearer" && checked) return "403 cross_origin";
  if (transport === "cookie" && attacker !== "another site") return "403 cross_origin";
  return {
    "/auth/reissue": "400 request_invalid",
    "/auth/logout": "200 undefined",
    "/auth/logout-all": "401 token_missing",
    "/api/ping": "401 token_missing",
  }[path];
}

const paths = ["/auth/login", "/auth/reissue", "/auth/logout", "/auth/logout-all", "/api/ping"];

test("pages of other origins", async (t) => {
  const visitor = await Visitor.arrive();
  t.after(() => visitor.leave());
  const tab = await visitor.loggedInTab();
  const page = await visitor.context.newPage();
  for (const [attacker, origin] of Object.entries(attackers)) {
    await forms(page, attacker, origin);
    await scripts(page, attacker, origin);
    await link(page, origin);
    assert.match(await act(tab, "me"), /: 200 .*"user":"alice"/, attacker);
  }
  // The session has neither ended nor moved.
  assert.equal(await act(tab, "reissue"), "reissued");
  assert.equal((await visitor.lastPair()).claims.gen, 1);
});

async function forms(page, attacker, origin) {
  for (const path of paths) {
    await page.goto(origin);
    const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate(post, url + path)]);
    assert.equal(`${answer.status()} ${(await answer.json()).code}`, expected(path, attacker), `${path} from ${attacker}`);
  }
}

async function scripts(page, attacker, origin) {
  await page.goto(origin);
  for (const path of paths) {
    const seen = page.waitForResponse(url + path);
    assert.equal(await page.evaluate(send, url + path), "opaque");
    // Where a form is refused for what it says, text is for being text.
    const refused = expected(path, attacker);
    const status = /403|401/.test(refused) ? Number(refused.slice(0, 3)) : 415;
    assert.equal((await seen).status(), status, `${path} from ${attacker}`);
    assert.equal(await page.evaluate(readAnswer, url + path), "TypeError");
    // The browser keeps the answer, 405, to itself: it is no image.
    assert.equal(await page.evaluate(load, url + path), "error");
  }
}

// Whoever follows a link is logged in with the cookie transport.
async function link(page, origin) {
  await page.goto(origin);
  const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate(follow, `${url}/api/me`)]);
  assert.equal(answer.status(), transport === "cookie" ? 200 : 401);
}

function post(to) {
  const form = document.createElement("form");
  form.method = "POST";
  form.action = to;
  document.body.append(form);
  for (const [name, value] of Object.entries({ username: "bob", password: "builder" })) {
    const input = document.createElement("input");
    [input.name, input.value] = [name, value];
    form.append(input);
  }
  form.submit();
}

// The one kind of request with cookies that a page may send anywhere unasked.
async function send(to) {
  const body = JSON.stringify({ username: "bob", password: "builder" });
  return (await fetch(to, { method: "POST", mode: "no-cors", credentials: "include", body })).type;
}

async function readAnswer(to) {
  return fetch(to, { method: "POST", credentials: "include" }).then((answer) => answer.text(), (error) => error.name);
}

function load(to) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = (event) => resolve(event.type);
    image.src = to;
  });
}

function follow(to) {
  const link = document.createElement("a");
  link.href = to;
  document.body.append(link);
  link.click();
}
