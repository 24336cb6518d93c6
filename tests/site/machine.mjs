// Tries the Linux in the page, in Chromium. Prints faults, like visit.mjs, and how long it took.
//
// node machine.mjs CHROMIUM URL DIRECTORY    writes pictures to DIRECTORY

import { launch, watch, withPage } from "./browser.mjs";
import { ownServer, ownServerOnAPhone } from "./own.mjs";
import { accessible, picture, report, shows, slow } from "./there.mjs";

const [chromium, url] = process.argv.slice(2);
watch(url);
const machine = ".machine, .machine-is";
const desk = { viewport: { width: 1366, height: 768 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
// Boxes of chapters, each with one of its commands, and the end of its output.
const boxes = [
  ["02-blocking", "start ./01-echo-once", "read 6, written 6, closed"],
  ["06-poll", "./01-poll-two-pipes", "b read empty"],
  ["10-ring", "count_calls part6", " io_uring_enter"],
  ["13-finger", "mkdir -p users/alice users/bob users/mallory", "server.$"],
];
const first = ".vp-doc .language-console:has(.run-this)";

async function chapterTwo(page) {
  await page.goto(`${url}/02-blocking.html`);
  await page.locator(".machine .start").waitFor();
  const asked = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ name }) => /machine\/|v86|Terminal/.test(name)).length);
  report.expect("machine", "before the click", asked === 0, "something of it was loaded");
  await accessible(page, machine, "before the start");
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
  await accessible(page, machine, "light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(500);
  await accessible(page, machine, "dark");
  await picture(page, "02-dark");
  await leavesByKey(page);
  await page.locator(".pager-link.next").click();
  await page.waitForURL("**/03-closing.html");
  await shows(page, 0, "hello");
  report.expect("machine", "next chapter", true, "");
}

async function leavesByKey(page) {
  await page.getByRole("tab", { name: "Terminal 1" }).press("Enter");
  await page.keyboard.type("echo typed by ha");
  await page.keyboard.type("nd\n");
  await shows(page, 0, "echo typed by hand");
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
  await accessible(page, machine, "phone");
  await picture(page, "try-phone");
  await page.getByRole("button", { name: "Reset" }).click();
  await page.waitForFunction(() => !document.querySelector("#terminal-1 .xterm-rows")
    .textContent.includes("6869"), undefined, slow);
  report.expect("machine", "reset", true, "");
}

/** The pressed button stays in sight, with the output of its commands. */
async function uncovered(page, where, button) {
  const pressed = await button.boundingBox();
  const panel = await page.locator(".machine").boundingBox();
  report.expect("machine", where, pressed.y >= 0 && pressed.y + pressed.height <= panel.y,
    `the button ends at ${pressed.y + pressed.height}, the panel begins at ${panel.y}`);
}

/** Tries a box at the lower end of the window, and its output in the first terminal. */
async function box(page, name, size, command, printed) {
  await page.goto(`${url}/${name}.html`);
  const fence = page.locator(".vp-doc .language-console", { hasText: command }).first();
  const button = fence.locator(".run-this");
  await button.waitFor();
  await button.evaluate((element) => element.scrollIntoView({ block: "end" }));
  await button.click();
  await page.locator("#terminal-0 .xterm-rows").waitFor(slow);
  await shows(page, 0, printed);
  report.expect("machine", `${name}, ${size}`, true, "");
  await uncovered(page, `${name}, ${size}`, button);
  await picture(page, `${name}-${size}`);
}

/** A reset breaks off a box that is being typed, but not the next one. */
async function resetWhileTyping(page) {
  await page.goto(`${url}/02-blocking.html`);
  const button = page.locator(`${first} .run-this`).first();
  await button.click();
  await page.locator("#terminal-0 .xterm-rows").waitFor(slow);
  await shows(page, 0, "$ st");
  await page.getByRole("button", { name: "Reset" }).click();
  await page.waitForFunction(() => !document.querySelector("#terminal-0 .xterm-rows").textContent
    .includes("st"), undefined, slow);
  await button.click();
  await shows(page, 0, "$ steps part1");
  await shows(page, 0, "hello");
  report.expect("machine", "reset while typing", true, "");
}

/** Tries a bug's box, with the server in one terminal and the client in the other. */
async function bug(page) {
  await page.goto(`${url}/appendix-k-ring-in-production.html`);
  const warning = page.locator(".custom-block.bug", { hasText: "--bug close-ends-nothing" });
  await warning.locator(".run-this").click();
  await shows(page, 0, "in another terminal");
  await shows(page, 1, "124");
  report.expect("machine", "what goes wrong", true, "");
  await uncovered(page, "what goes wrong", warning.locator(".run-this"));
  await picture(page, "bug-desk");
}

/** Builds a text of the reader's own, which has an error at first. */
async function compileHere(page) {
  await page.goto(`${url}/08-misbehaving.html`);
  await page.locator(".machine .start").click();
  await page.locator("#terminal-0 .xterm-rows").waitFor(slow);
  const type = async (text) => {
    await page.locator("#terminal-0 textarea").focus();
    await page.keyboard.type(`${text}\n`);
  };
  await type("page 8; echo 'int x = y;' >> page.cc; build page");
  const button = page.getByRole("button", { name: "Compile here" });
  await button.waitFor(slow);
  const asked = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ name }) => /compiler/.test(name)).length);
  report.expect("machine", "before Compile here", asked === 0, "something of it was loaded");
  await accessible(page, machine, "Compile here");
  await picture(page, "compile-here");
  let began = Date.now();
  const took = (what) => console.error(`${what}: ${Date.now() - began} ms`);
  await button.click();
  await shows(page, 0, "use of undeclared identifier 'y'");
  took("Compile here to an error");
  await picture(page, "compile-error");
  for (const time of [1, 2]) {
    began = Date.now();
    await type(`echo >> page.cc; sed -i 's,int x = .*,,' page.cc; build page; clear; start ./page`);
    await type(`echo started $((${time} * 7))`);
    await shows(page, 0, `started ${time * 7}`);
    await shows(page, 0, "listening on");
    took(`compile ${time}`);
  }
  report.expect("machine", "Compile here", true, "");
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
await withPage(browser, desk, "Compile here", compileHere);
await withPage(browser, phone, "two terminals", twoTerminals);
await withPage(browser, desk, "what goes wrong", bug);
await withPage(browser, desk, "your own server", (page) => ownServer(page, url));
await withPage(browser, phone, "your own server", (page) => ownServerOnAPhone(page, url));
await withPage(browser, desk, "reset while typing", resetWhileTyping);
for (const [size, screen] of Object.entries({ desk, phone })) {
  for (const [name, command, printed] of boxes) {
    await withPage(browser, screen, `${name}, ${size}`,
      (page) => box(page, name, size, command, printed));
  }
}
await browser.close();
report.print();
