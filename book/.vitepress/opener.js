// The line above a page's title: an appendix's letter, or a chapter's number and rung of the
// ladder, if it has a rung. The line in italics below the title says so.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const chapter = /^(\d\d)-.*\.md$/;
const appendix = /^appendix-(\w)-.*\.md$/;
const line = /^\*(.+)\*$/m;

function rung(text) {
  const said = line.exec(text)?.[1] ?? "";
  return /`part(\d)-/.exec(said)?.[1] ?? (said.includes("`finger") ? "F" : undefined);
}

/** Sorts a stage's files into new, changed and equal, compared with the stage before. */
export function changes(before, after) {
  const files = readdirSync(after).filter((name) => /\.(cc|h)$/.test(name));
  const kinds = { "+": [], "~": [], "=": [] };
  for (const name of files) {
    const old = join(before, name);
    const same = () => readFileSync(old).equals(readFileSync(join(after, name)));
    kinds[!existsSync(old) ? "+" : same() ? "=" : "~"].push(name);
  }
  return kinds;
}

export function opener(page, book) {
  const letter = appendix.exec(page)?.[1];
  if (letter) return { appendix: letter.toUpperCase() };
  const number = chapter.exec(page)?.[1];
  if (!number) return undefined;
  const at = rung(readFileSync(join(book, page), "utf8"));
  const before = join(book, `${String(Number(number) - 1).padStart(2, "0")}`);
  const name = readdirSync(book).find((one) => join(book, one).startsWith(`${before}-`));
  const previous = name && rung(readFileSync(join(book, name), "utf8"));
  const found = { chapter: Number(number), rung: at };
  if (Number(at) > 1) found.below = String(Number(at) - 1);
  if (Number(at) === Number(previous) + 1 && Number(at) < 6) { // the ring's stage is another server
    const root = join(book, "..");
    const [from, to] = [previous, at].map((stage) =>
      join(root, readdirSync(root).find((one) => one.startsWith(`part${stage}-`))));
    found.changes = changes(from, to);
  }
  return found;
}

/** Sets the line in italics differently, because it isn't a sentence of the chapter. */
export function openerLine(md) {
  md.core.ruler.push("opener-line", ({ tokens, env }) => {
    if (!chapter.test(env.relativePath ?? "")) return;
    const title = tokens.findIndex(({ type, tag }) => type === "heading_close" && tag === "h1");
    const [open, inline] = tokens.slice(title + 1, title + 3);
    if (line.test(inline?.content ?? "")) open.attrJoin("class", "opener-line");
  });
}
