// Takes the pictures of the demo page: of a live session on a phone and of a
// theft on a desktop, both in both themes. It builds and starts the Gin
// example for that.
//
//   node screenshots.mjs folder
//
// Chromium is looked for in PATH, unless CHROMIUM says where it is. Node must
// have zlib.crc32: 20.15, 22.2 or later.
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./browser/launch.mjs";
import { withPalette } from "./browser/palette.mjs";

const most = 150_000; // bytes of a picture
const patience = 60_000;
const folder = process.argv[2];
if (!folder) throw new Error("usage: node screenshots.mjs folder");
mkdirSync(folder, { recursive: true });

// Lives that are short enough to be seen running down.
const environment = { ADDR: "127.0.0.1:0", ACCESS_TTL: "40s", IDLE_TTL: "2m" };

const devices = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1 },
};

const built = mkdtempSync(join(tmpdir(), "screenshots"));
let program, browser;
try {
  const binary = join(built, "gin-app");
  const root = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync("go", ["build", "-o", binary, "./examples/gin-app"], { cwd: root, stdio: "inherit" });
  program = spawn(binary, { env: environment, stdio: ["ignore", "inherit", "pipe"] });
  const url = `http://${await address(program.stderr)}`;
  browser = await launch(process.env.CHROMIUM ?? findChromium(), "--disable-lcd-text"); // letters in grey need fewer bytes
  for (const colorScheme of ["light", "dark"]) {
    for (const [device, options] of Object.entries(devices)) {
      const context = await browser.newContext({ ...options, colorScheme, locale: "en-GB", reducedMotion: "reduce" });
      context.setDefaultTimeout(patience);
      const page = await context.newPage();
      await page.goto(url);
      await (device === "phone" ? live : theft)(page);
      await page.mouse.move(0, 0);
      await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
      const path = join(folder, `demo-${colorScheme}-${device}.png`);
      const picture = withPalette(await page.screenshot());
      if (picture.length > most) throw new Error(`${path} would have ${picture.length} bytes, more than ${most}`);
      writeFileSync(path, picture);
      console.log(`${path}: ${picture.length} bytes`);
      await act(page, device === "phone" ? "logoutAll" : "again"); // a theft leaves no session to log out of
      await context.close();
    }
  }
} finally {
  await browser?.close();
  program?.kill();
  rmSync(built, { recursive: true });
}

async function live(page) {
  await logIn(page);
  await page.waitForFunction(() => /scaleX\(0\.[1-6]/.test(document.querySelector("#access-bar i").style.transform));
  await act(page, "second");
  await page.locator("#events li").first().waitFor();
}

async function theft(page) {
  await logIn(page);
  for (const action of ["me", "reissue", "second", "steal"]) await act(page, action);
  await page.locator("#log li", { hasText: "the thief presents" }).waitFor();
  await page.locator("#dead:visible").waitFor();
}

async function logIn(page) {
  await page.getByRole("button", { name: "alice" }).click();
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator("#user", { hasText: "alice" }).waitFor();
  await page.locator("#feed", { hasText: "live" }).waitFor();
}

async function act(page, action) {
  const lines = page.locator("#log li");
  const before = await lines.count();
  await page.locator(`[data-action=${action}]`).click();
  await lines.nth(before).waitFor();
}

// Resolves to where a program listens, by its log.
async function address(log) {
  const lines = createInterface({ input: log });
  for await (const line of lines) {
    const found = /msg=listening addr=(\S+)/.exec(line);
    if (!found) continue;
    log.resume(); // of the rest nothing is wanted
    return found[1];
  }
  throw new Error("the program does not listen");
}

function findChromium() {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const at of process.env.PATH.split(delimiter)) {
      try {
        accessSync(join(at, name), constants.X_OK);
        return join(at, name);
      } catch { /* not here */ }
    }
  }
  throw new Error("Chromium is not installed");
}
