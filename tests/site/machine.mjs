// The Linux in the page, in Chromium: prints what is wrong, as visit.mjs does, and how long it took.
//
// node machine.mjs CHROMIUM URL DIRECTORY    where pictures go

import { launch, report, watch, withPage } from "./browser.mjs";

const [chromium, url, directory] = process.argv.slice(2);
watch(url);
const { AxeBuilder } = report.require("@axe-core/playwright");
const desk = { viewport: { width: 1366, height: 768 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const slow = { timeout: 240_000 };
const first = ".vp-doc .language-console:has(.run-this)";

/** Waits until a terminal shows this. */
const shows = (page, terminal, text) => page.waitForFunction(
  ([id, wanted]) => document.querySelector(`#${id} .xterm-rows`)?.textContent
    .replaceAll("\u00a0", " ").includes(wanted),
  [`terminal-${terminal}`, text], slow);

async function accessible(page, where) {
  const { violations } = await new AxeBuilder({ page }).include(".machine").include(".machine-is").analyze();
  report.expect("axe", where, violations.length === 0,
    violations.map(({ id, nodes }) => `${id}: ${nodes[0].target} ${nodes[0].failureSummary}`).join("\n"));
}

const picture = (page, name) => page.screenshot({ path: `${directory}/${name}.png` });

async function chapterTwo(page) {
  await page.goto(`${url}/02-blocking.html`);
  await page.locator(".machine .start").waitFor();
  const asked = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ name }) => /machine\/|v86|Terminal/.test(name)).length);
  report.expect("machine", "before the click", asked === 0, "something of it was loaded");
  await accessible(page, "before the start");
  const button = page.locator(`${first} .run-this`).first();
  await button.focus();
  const began = Date.now();
  await page.keyboard.press("Enter");
  await page.locator("#terminal-0 .xterm-rows").waitFor(slow);
  console.error(`click to prompt: ${Date.now() - began} ms`);
  await shows(page, 0, "$ steps part1");
  await shows(page, 0, "cat <&5");
  await shows(page, 0, "hello");
  console.error(`click to the echoed bytes: ${Date.now() - began} ms`);
  report.expect("machine", "run this", true, "");
  await picture(page, "02-desk");
  await accessible(page, "light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(500);
  await accessible(page, "dark");
  await picture(page, "02-dark");
  await leavesByKey(page);
  await page.locator(".pager-link.next").click();
  await page.waitForURL("**/03-closing.html");
  await shows(page, 0, "hello");
  report.expect("machine", "next chapter", true, "");
}

async function leavesByKey(page) {
  await page.locator("#terminal-0 textarea").focus();
  await page.keyboard.press("Shift+Tab");
  const inside = await page.evaluate(() => Boolean(document.activeElement.closest("#terminal-0")));
  report.expect("machine", "Shift+Tab", !inside, "does not leave the terminal");
}

async function twoTerminals(page) {
  await page.goto(`${url}/try.html`);
  await page.locator(".run-this").nth(1).click();
  await shows(page, 0, "in another terminal");
  await shows(page, 1, "0200 0000 6869");
  report.expect("machine", "two terminals", true, "");
  const seen = await page.locator(".machine .pane:visible").count();
  report.expect("machine", "a phone", seen === 1, `shows ${seen} terminals`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  report.expect("machine", "a phone", wide <= phone.viewport.width, `is ${wide} pixels wide`);
  await accessible(page, "phone");
  await picture(page, "try-phone");
  await page.getByRole("button", { name: "Reset" }).click();
  await page.waitForFunction(() => !document.querySelector("#terminal-1 .xterm-rows")
    .textContent.includes("6869"), undefined, slow);
  report.expect("machine", "reset", true, "");
}

async function withoutWebAssembly(page) {
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await page.goto(`${url}/02-blocking.html`);
  await page.getByText("this browser has no WebAssembly").waitFor();
  const buttons = await page.locator(".run-this").count();
  report.expect("machine", "no WebAssembly", buttons === 0, "has buttons");
}

const browser = await launch(chromium);
await withPage(browser, desk, "no WebAssembly", withoutWebAssembly);
await withPage(browser, desk, "chapter 2", chapterTwo);
await withPage(browser, phone, "two terminals", twoTerminals);
await browser.close();
report.print();
