// Opens the built site in Chromium and prints its findings as JSON:
//
//   { "CHECK": { "seen": how often we looked, "complaints": ["PAGE: what is wrong"] } }
//
// node visit.mjs CHROMIUM URL DIRECTORY PAGE…    a page by its name: 06-poll
//
// Also prints a few pages to DIRECTORY/NAME.pdf, and writes the text that they must have to
// NAME.json.

import { writeFileSync } from "node:fs";

import { launch, report, watch, withPage } from "./browser.mjs";
import { figuresOnAPhone, listingsOnAPhone, nothingCut, print } from "./layout.mjs";
import {
  copyButton, keys, ladderFits, ladderView, ladderWithoutScript, menuWithoutScript, oldAddress, readMarks,
  readWithoutScript, searchKnows,
} from "./parts.mjs";
import { ringFits, ringView, ringWithoutScript } from "./ring.mjs";

const [chromium, url, directory, ...named] = process.argv.slice(2);
watch(url);
const pages = named.map((name) => ({ name, address: `${url}/${name}.html` }));

const { AxeBuilder } = report.require("@axe-core/playwright");
const desk = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function pictures(page, { name }) {
  const broken = await page.locator(".vp-doc figure").evaluateAll((figures) => figures
    .filter((figure) => {
      const svg = figure.querySelector(":scope > svg[role=img]");
      const said = svg?.getAttribute("aria-label").split(" ").length ?? 0;
      return said < 8 || svg.getBBox().width < 100 || !figure.querySelector("figcaption a[href]");
    })
    .map(({ id }) => id));
  report.expect("pictures", name, broken.length === 0, `not shown: ${broken.join(", ")}`);
  const images = await page.locator(".vp-doc img").count();
  report.expect("pictures", name, images === 0, "has a picture that is no part of the page");
}

async function accessible(check, page, { name }, ...rules) {
  // Readers who speak to the browser say the visible words. axe doesn't check that by default.
  const builder = new AxeBuilder({ page })
    .options({ rules: { "label-content-name-mismatch": { enabled: true } } });
  const { violations } = await (rules.length ? builder.withRules(rules) : builder).analyze();
  const found = violations.map(({ id, nodes }) =>
    `${id} (${nodes.length}): ${nodes[0].target.join(" ")}: ${nodes[0].failureSummary}`);
  report.expect(check, name, found.length === 0, found.join("\n"));
}

/** Keeps one word of code for each style, because axe examines each of thousands of words. */
async function thinOutCode(page) {
  await page.locator(".vp-doc pre span[style]").evaluateAll((words) => {
    const seen = new Set();
    for (const word of words) {
      const classes = [];
      for (let one = word; one.tagName !== "PRE"; one = one.parentElement) {
        classes.push(one.className);
      }
      const look = `${word.getAttribute("style")} ${classes}`;
      if (seen.has(look)) word.remove();
      seen.add(look);
    }
  });
}

/** Parts of the page may scroll sideways, but not the page itself. */
async function narrow(page, { name }) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  report.expect("phone", name, wide <= phone.viewport.width, `is ${wide} pixels wide`);
}

const browser = await launch(chromium);
for (const one of pages) {
  await withPage(browser, desk, one.name, async (page) => {
    await page.goto(one.address, { waitUntil: "networkidle" });
    await pictures(page, one);
    await page.setViewportSize(phone.viewport);
    await narrow(page, one);
    await figuresOnAPhone(page, one.name);
    await listingsOnAPhone(page, one.name);
    await page.setViewportSize(desk.viewport);
    await thinOutCode(page);
    await accessible("light", page, one);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
    await accessible("dark", page, one, "color-contrast");
  });
}
await withPage(browser, desk, "search", (page) => searchKnows(page, url));
await withPage(browser, desk, "copy", (page) => copyButton(page, url));
await withPage(browser, desk, "ring view", (page) => ringView(page, url));
await withPage(browser, phone, "ladder view", (page) => ladderView(page, url));
await withPage(browser, desk, "ladder fits", (page) => ladderFits(page, url));
await withPage(browser, desk, "old addresses", (page) => oldAddress(page, url));
await withPage(browser, desk, "read marks", (page) => readMarks(page, url));
await withPage(browser, desk, "keys", (page) => keys(page, url));
await withPage(browser, desk, "ring fits", (page) => ringFits(page, url));
await withPage(browser, desk, "widths", (page) => nothingCut(page, url, ["06-poll", "index"]));
for (const name of ["06-poll", "14-hardening"]) {
  await withPage(browser, desk, "print", async (page) => {
    const wanted = await print(page, url, name, directory);
    writeFileSync(`${directory}/${name}.json`, JSON.stringify(wanted));
  });
}
const bare = { ...desk, javaScriptEnabled: false };
await withPage(browser, bare, "no script", (page) => readWithoutScript(page, pages));
await withPage(browser, { ...phone, javaScriptEnabled: false }, "no script",
  (page) => menuWithoutScript(page, url));
await withPage(browser, bare, "ladder view", (page) => ladderWithoutScript(page, url));
await withPage(browser, bare, "ring view", (page) => ringWithoutScript(page, url));
await browser.close();
report.print();
