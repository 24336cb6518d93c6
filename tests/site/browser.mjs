// Runs a browser, and lists the findings.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../book/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const found = {};
let site = "";

/** From now on, a request to another host is an error. */
export function watch(address) {
  site = address;
}

export const report = {
  require,
  expect(check, where, holds, complaint) {
    found[check] ??= { seen: 0, complaints: [] };
    found[check].seen += 1;
    if (!holds) found[check].complaints.push(`${where}: ${complaint}`);
  },
  print() {
    console.log(JSON.stringify(found, null, 2));
  },
};

/** Starts Chromium, whose sandbox doesn't work for root. */
export function launch(program) {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: program, args });
}

/** Visits with a new page, where no script and no request may fail. */
export async function withPage(browser, options, where, visit) {
  const context = await browser.newContext({
    permissions: ["clipboard-read", "clipboard-write"], ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on("console", (said) => {
    if (["error", "warning"].includes(said.type())) errors.push(said.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (one) => {
    if (!/^(data|blob):/.test(one.url()) && !one.url().startsWith(`${site}/`)) {
      errors.push(`${one.url()}: asked of another host`);
    }
  });
  page.on("requestfailed", (one) => {
    const reason = one.failure()?.errorText;
    // A script where none may run, or a request ahead by a page that we have left.
    if (!["csp", "net::ERR_ABORTED"].includes(reason)) errors.push(`${one.url()}: ${reason}`);
  });
  page.on("response", (one) => {
    if (one.status() >= 400) errors.push(`${one.url()}: ${one.status()}`);
  });
  try {
    await visit(page);
  } catch (error) {
    errors.push(error.message);
  }
  report.expect("silence", where, errors.length === 0, errors.join("\n"));
  await context.close();
}
