// A browser with scripts switched off, at the login form of a program.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect } from "./browser/launch.mjs";

const url = process.env.RATCHET_URL;
const silent = process.env.SILENT_REISSUE === "true";

describe("a browser without scripts", () => {
  let browser, context, page;

  before(async () => {
    browser = await connect();
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    // What runs a script, were there one to run.
    await page.route("**/noscript", (route) => route.fulfill({
      contentType: "text/html",
      body: `<script>document.title = "scripts"</script><a href="${url}/api/me?from=link">the shop</a>`,
    }));
  });
  after(() => browser.close());

  // Waits: after a link of another site a page may have to load itself again.
  const at = (path) => page.waitForURL(url + path);
  // Those with tokens: the one of the page that loads itself again ends by itself.
  const cookies = async () =>
    (await context.cookies()).map((c) => c.name).filter((name) => !name.endsWith("-bounced")).sort();

  async function logIn(user, password) {
    await page.getByLabel("User name").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  // Follows a link on a page of another site.
  async function follow() {
    await page.goto("http://localhost:1/noscript");
    assert.equal(await page.title(), "");
    await page.getByText("the shop").click();
  }

  async function loggedIn() {
    await page.getByText('"user":"alice"').waitFor();
    await at("/api/me?from=link");
    assert.deepEqual(await cookies(), ["access", "refresh"]);
  }

  const form = "/auth/form?next=%2Fapi%2Fme%3Ffrom%3Dlink";

  test("a wrong password, then a good one, and on to where the link led", async () => {
    await follow();
    await at(form);
    await logIn("alice", "builder");
    await page.getByRole("alert").getByText("the password is wrong").waitFor();
    assert.equal(await page.getByLabel("User name").inputValue(), "alice");
    assert.equal(await page.getByLabel("Password").inputValue(), "");
    assert.deepEqual(await cookies(), []);
    await logIn("alice", "wonderland");
    await loggedIn();
  });

  test("another link", async () => {
    await follow();
    await loggedIn();
  });

  test("an access token that has expired", async () => {
    await context.clearCookies({ name: "access" });
    await follow();
    if (silent) return loggedIn();
    await at(form);
    await logIn("alice", "wonderland");
    await loggedIn();
  });

  test("a session that has expired", async () => {
    await context.clearCookies(); // as the browser does at their Max-Age
    await follow();
    await at(form);
    await logIn("alice", "wonderland");
    await loggedIn();
  });

  test("a session that has ended elsewhere", async () => {
    const other = await browser.newContext({ javaScriptEnabled: false });
    await other.addCookies(await context.cookies());
    const elsewhere = await other.newPage();
    await elsewhere.goto(`${url}/auth/form`);
    await elsewhere.getByRole("button", { name: "Log out" }).click();
    await elsewhere.getByLabel("Password").waitFor();
    await other.close();
    await follow();
    await at(form);
    await logIn("alice", "wonderland");
    await loggedIn();
  });

  test("logout by a form", async () => {
    await page.goto(`${url}/auth/form`);
    await page.getByText("logged in as alice").waitFor();
    const [answer] = await Promise.all([
      page.waitForResponse((r) => r.request().method() === "POST"),
      page.getByRole("button", { name: "Log out" }).click(),
    ]);
    assert.equal(answer.status(), 303);
    await page.getByLabel("User name").waitFor();
    await at("/auth/form");
    assert.equal(await page.getByText("logged in as").count(), 0);
    assert.deepEqual(await cookies(), []);
    await follow();
    await at(form);
  });

  test("markup for a user name, and an address of another site to go on to", async () => {
    const name = `"><i>alice</i>`;
    await page.goto(`${url}/auth/form?next=${encodeURIComponent("//evil.example/")}`);
    await logIn(name, "x");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("User name").inputValue(), name);
    assert.equal(await page.locator("i").count(), 0);
    await logIn("alice", "wonderland");
    await page.waitForURL(`${url}/`);
  });
});
