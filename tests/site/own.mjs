// Tries the page on which a reader writes a server and has it judged, for machine.mjs.

import { accessible, picture, report, shows, slow } from "./there.mjs";

const wrong = "import socket\n\ndef serve(:\n    pass\n";
const wrongC = "#include <stdio.h>\nint main(void) {\n  return nothing;\n}\n";

/** Replaces the server's text, and has it judged. */
async function judge(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.getByRole("button", { name: "Judge it" }).click();
}

const ended = (page) => page.getByRole("button", { name: "Judge it" }).waitFor(slow);

async function marks(page, line) {
  const marked = await page.locator(".cm-line.wrong").textContent();
  report.expect("own", "the line", marked === line, `marks ${marked}`);
}

/** The numbers of passed, failed and skipped tests add up to the level's. */
async function counts(page) {
  const level = await page.locator(".own li.failed").textContent();
  const status = await page.locator(".own [role=status]").textContent();
  const [, passed, tests] = /(\d+) of (\d+)/.exec(level);
  const [, failed, left] = /: (\d+) failed, (\d+) not asked/.exec(status) ?? [];
  report.expect("own", "counts", +passed + +failed + +left === +tests, `${level}, ${status}`);
}

/** The editor cuts off no line of the first server. */
async function wholeLines(page, where) {
  const cut = await page.locator(".cm-scroller").evaluate((it) => it.scrollWidth > it.clientWidth);
  report.expect("own", where, !cut, "lines are cut off");
}

/** The verdict is in sight after the button was pressed. */
async function isInSight(page, what) {
  const { y, height } = await page.locator(".own .cause").first().boundingBox();
  report.expect("own", what, y >= 0 && y + height <= page.viewportSize().height, `is at ${y}`);
}

/** The verdict is still there after a visit to the chapter that explains it. */
async function keepsItsVerdict(page) {
  const line = await page.locator(".cm-line.wrong").textContent();
  const cause = await page.locator(".own .cause").first().textContent();
  await page.getByRole("link", { name: "Read why." }).click();
  await page.waitForURL(/02-blocking.*#/);
  await page.goBack();
  await page.locator(".own .cause", { hasText: cause }).first().waitFor();
  await marks(page, line);
}

/** Stops a climb while the machine loads, tries two broken servers and a good one, and reloads. */
export async function ownServer(page, url) {
  await page.goto(`${url}/own.html`);
  await page.locator(".cm-content").waitFor();
  await wholeLines(page, "a desk");
  const asked = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ name }) => /machine\/|v86|Terminal/.test(name)).length);
  report.expect("own", "before the click", asked === 0, "something of the machine was loaded");
  await accessible(page, ".own", "before the click");
  await page.getByRole("button", { name: "Judge it" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await judge(page, wrong);
  await page.locator(".own .cause", { hasText: "exit status 1" }).waitFor(slow);
  await marks(page, "def serve(:");
  await isInSight(page, "a verdict");
  await ended(page);
  await judge(page, wrongC);
  await page.locator(".own .cause", { hasText: "compiled" }).waitFor(slow);
  await marks(page, "  return nothing;");
  await ended(page);
  await page.getByLabel("Begin with another server").selectOption("the first server");
  const began = Date.now();
  await page.getByRole("button", { name: "Judge it" }).click();
  await page.locator(".own li.passed", { hasText: "framing" }).waitFor(slow);
  console.error(`click to framing: ${Date.now() - began} ms`);
  await page.locator(".own li.failed", { hasText: "survival" }).waitFor(slow);
  await ended(page);
  await counts(page);
  await accessible(page, ".own", "a failure");
  await picture(page, "own-desk");
  await keepsItsVerdict(page);
  await shows(page, 0, "$");
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("# mine\n");
  await page.getByText("this is about the one before").waitFor();
  await page.reload();
  await page.locator(".cm-line", { hasText: "# mine" }).waitFor();
  report.expect("own", "reload", true, "");
  await followsTheOtherTab(page);
  await page.getByLabel("Begin with another server").selectOption("the first server in C++");
  await page.getByRole("button", { name: "Judge it" }).click();
  await page.getByRole("button", { name: "Compile here" }).click(slow);
  await page.locator(".own li.passed", { hasText: "framing" }).waitFor(slow);
}

async function followsTheOtherTab(page) {
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator(".cm-line", { hasText: "# mine" }).click();
  await other.keyboard.type("# and mine");
  await page.locator(".cm-line", { hasText: "# and mine" }).waitFor();
  await other.close();
}

export async function ownServerOnAPhone(page, url) {
  await page.addInitScript(() => { // a private window may keep nothing
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function set(name, value) {
      if (name === "book-own-server") throw new DOMException("", "QuotaExceededError");
      setItem.call(this, name, value);
    };
  });
  await page.goto(`${url}/own.html`);
  await page.locator(".cm-content").waitFor();
  const panes = page.locator(".own .pane:visible");
  report.expect("own", "a phone", await panes.count() === 1, "shows both at once");
  await wholeLines(page, "a phone");
  await page.getByLabel("Begin with another server").selectOption("the server after chapter 3");
  const last = page.locator(".cm-line", { hasText: "SHUT_WR" }).first();
  await last.waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await last.waitFor({ state: "detached" });
  await judge(page, wrong);
  await page.locator("#own-judge .cause").waitFor(slow);
  await isInSight(page, "a verdict on a phone");
  report.expect("own", "a phone", await panes.count() === 1, "shows both at once");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  report.expect("own", "a phone", wide <= 390, `is ${wide} pixels wide`);
  await accessible(page, ".own", "phone");
  await picture(page, "own-phone");
}
