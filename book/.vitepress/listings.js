// Adds line numbers to the bar above a listing, and marks the lines that the stage before lacks.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const mark = /^<!-- listing: (\S+)/;
const edit = /^<!-- edit: /; // for lines that a reader types into a copy
const linesOf = (text) => text.split("\n").map((line) => line.trim());

/** The stage to compare a stage with: the one below it, or for the ring the first. */
function before(stage, root) {
  const number = Number(/^part(\d)-[a-z]+$/.exec(stage)?.[1] ?? 0);
  const other = number === 6 ? 1 : number - 1;
  return readdirSync(root).find((name) => name.startsWith(`part${other}-`));
}

/** The first and the last line of a listing in its file, if the listing is a single piece. */
export function place(listing, source) {
  const wanted = linesOf(listing.trimEnd());
  const there = linesOf(source);
  const first = there.findIndex((_, i) => wanted.every((line, j) => there[i + j] === line));
  return first < 0 ? undefined : [first + 1, first + wanted.length];
}

/** The numbers, from 1, of lines that the other file lacks. Lines of only braces don't count. */
export function newLines(listing, other) {
  const known = new Set(linesOf(other));
  return linesOf(listing.trimEnd()).flatMap((line, i) =>
    (/\w/.test(line) && !known.has(line) ? [i + 1] : []));
}

export function listings(md, book) {
  const root = join(book, "..");
  md.core.ruler.after("block", "listing-bars", ({ tokens }) => {
    tokens.forEach((comment, i) => {
      const path = comment.type === "html_block" && mark.exec(comment.content)?.[1];
      const [open, inline, , fence] = tokens.slice(i + 1, i + 5);
      if (comment.type === "html_block" && edit.test(comment.content)) {
        open.attrJoin("class", "listing-bar");
      }
      if (!path || fence?.type !== "fence" || !existsSync(join(root, path))) return;
      const source = readFileSync(join(root, path), "utf8");
      open.attrJoin("class", "listing-bar");
      const lines = place(fence.content, source);
      if (lines) {
        inline.content = inline.content.replace(/\]\((\S+?)\)/, `](${"$1"}#L${lines.join("-L")})`);
        const [first, last] = lines;
        inline.content += first === last ? `, line ${first}` : `, lines ${first}–${last}`;
      }
      const [stage, ...name] = path.split("/");
      const other = before(stage, root);
      const file = other && name[0] !== "steps" ? join(root, other, ...name) : "";
      if (!existsSync(file)) return;
      const added = newLines(fence.content, readFileSync(file, "utf8"));
      if (added.length === 0 || added.length === linesOf(fence.content.trimEnd()).length) return;
      fence.info += ` {${added.join(",")}}`;
      inline.content += ` *new against ${other.replace(/-.*/, "")}*`;
    });
  });
}
