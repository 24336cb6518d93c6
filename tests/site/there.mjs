// Common code of the tests of a machine in the page.

import { report } from "./browser.mjs";

export { report };
export const slow = { timeout: 240_000 };
const { AxeBuilder } = report.require("@axe-core/playwright");

/** Waits until a terminal shows this. */
export const shows = (page, terminal, text) => page.waitForFunction(
  ([id, wanted]) => document.querySelector(`#${id} .xterm-rows`)?.textContent
    .replaceAll("\u00a0", " ").includes(wanted),
  [`terminal-${terminal}`, text], slow);

export async function accessible(page, part, where) {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  report.expect("axe", where, violations.length === 0,
    violations.map(({ id, nodes }) => `${id}: ${nodes[0].target} ${nodes[0].failureSummary}`).join("\n"));
}

/** Writes a picture to the program's DIRECTORY. */
export const picture = (page, name) => page.screenshot({ path: `${process.argv[4]}/${name}.png` });
