// The pages from stage to stage. In Markdown a change is a fence of lines with signs. Here the old
// and the new lines are below each other or side by side, in the colours of the page.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = /^diffs\/(\d)-(\d)\.md$/;
const row = /^\| \[.*?\]\((\d-\d)\.md\) \| (.+?) \| (.+?) \|/gm;
const circled = (stage) => "①②③④⑤⑥"[stage - 1];
const cut = /^.\s*\/\/ …$/;

/** The stages that a page compares, if it's a page of differences. */
export function between(path) {
  return page.exec(path)?.slice(1);
}

/** The lines of a fence as runs: equal lines, a cut, or old lines with the new ones. */
export function runs(fence) {
  const found = [];
  for (const line of fence.replace(/\n$/, "").split("\n")) {
    const kind = cut.test(line) ? "cut" : { "-": "old", "+": "new" }[line[0]] ?? "same";
    const last = found.at(-1);
    if (kind === "same" || kind === "cut") {
      if (last?.kind === kind) last.lines.push(line);
      else found.push({ kind, lines: [line] });
    } else if (last?.kind === "change") {
      last[kind].push(line);
    } else {
      found.push({ kind: "change", old: [], new: [], [kind]: [line] });
    }
  }
  return found;
}

/** The sizes of the pages, from the register: "124+ 17−", or the word for a map. */
export function sizes(register) {
  return Object.fromEntries([...register.matchAll(row)].map(([, pair, added, removed]) =>
    [pair, /^\d+$/.test(added) ? `${added}+ ${removed}−` : added]));
}

function drawn(fence, escaped) {
  const lines = (some, tag) => some.map((line) =>
    `<${tag} class="line"><span class="sign">${line[0] ?? " "}</span>${escaped(line.slice(1))}\n` +
    `</${tag}>`).join("");
  const half = (some, tag) => (some.length ? `<span class="half">${lines(some, tag)}</span>` : "");
  return runs(fence).map((run) => {
    if (run.kind !== "change") return `<span class="${run.kind}">${lines(run.lines, "span")}</span>`;
    const both = run.old.length && run.new.length ? " both" : "";
    return `<span class="change${both}">${half(run.old, "del")}${half(run.new, "ins")}</span>`;
  }).join("");
}

function ways(pair, counts) {
  const all = Object.entries(counts).map(([other, size]) => {
    const name = `${circled(other[0])} → ${circled(other[2])}`;
    const said = `from stage ${other[0]} to ${other[2]}, ${size}`;
    const here = other === pair ? ' aria-current="page"' : "";
    return `<a href="./${other}.html" aria-label="${said}"${here}>${name}<span>${size}</span></a>`;
  });
  return `<nav class="diff-ways" aria-label="From stage to stage">${all.join("")}</nav>\n`;
}

/** A page with each change below its sentence. The file has only the sentences. */
function shown(pair, book) {
  const text = execFileSync(join(book, "tools/diffs.py"), ["show", pair], { encoding: "utf8" });
  return text.replace(/^---\n.*?\n---\n/s, "");
}

export function diffPages(md, book) {
  md.core.ruler.before("normalize", "diffs-shown", (state) => {
    const pair = between(state.env.relativePath ?? "")?.join("-");
    if (pair && state.src.includes("<!-- diff:")) state.src = shown(pair, book);
  });
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, options, env, renderer) => {
    if (!between(env.relativePath ?? "") || tokens[index].info !== "diff") {
      return fence(tokens, index, options, env, renderer);
    }
    const code = drawn(tokens[index].content, md.utils.escapeHtml);
    return `<div class="language-diff stages-diff" v-pre><pre><code>${code}</code></pre></div>\n`;
  };
  md.core.ruler.after("block", "diff-pages", ({ tokens, env }) => {
    const pair = between(env.relativePath ?? "")?.join("-");
    if (!pair) return;
    const register = readFileSync(join(book, "diffs/README.md"), "utf8");
    tokens.forEach((comment, i) => {
      if (comment.type !== "html_block") return;
      const [open, inline, close] = tokens.slice(i + 1, i + 4);
      if (comment.content.startsWith("<!-- diff:")) open.attrJoin("class", "listing-bar");
      if (!comment.content.startsWith("<!-- changes:")) return;
      const fenced = tokens.some(({ type, info }) => type === "fence" && info === "diff");
      comment.content += ways(pair, sizes(register)) + (fenced ? "<DiffModes />\n" : "");
      inline.content = "";
      inline.children = [];
      open.hidden = close.hidden = true;
      const list = tokens[i + 4];
      if (list?.type === "bullet_list_open") list.attrJoin("class", "diff-files");
    });
  });
}
