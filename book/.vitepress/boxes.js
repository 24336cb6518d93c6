// Boxes about what goes wrong: the symptom becomes the title, and the patch has a line of its own.

import { existsSync } from "node:fs";
import { join } from "node:path";

const heading = /^\*\*What goes wrong: (.+?)\.?\*\*\s*/s;

/** A box's title, its text, and a link to its patch. */
export function box(paragraphs, book, patches) {
  const title = heading.exec(paragraphs[0])?.[1];
  if (!title) return undefined;
  const texts = [paragraphs[0].replace(heading, ""), ...paragraphs.slice(1)];
  const patch = `bugs/${/--bug ([\w-]+)/.exec(texts.join(" "))?.[1]}.patch`;
  const link = existsSync(join(book, patch)) ? `[\`${patch}\`](${patches}${patch})` : "";
  return { title: title[0].toUpperCase() + title.slice(1), texts, link };
}

export function bugBoxes(md, book) {
  md.core.ruler.after("github-alerts", "bug-boxes", ({ tokens, env }) => {
    for (let i = 0; i < tokens.length; ++i) {
      const open = tokens[i];
      if (open.type !== "github_alert_open" || open.meta.type !== "warning") continue;
      const end = tokens.findIndex((one, j) => j > i && one.type === "github_alert_close");
      const inside = tokens.slice(i, end).filter(({ type }) => type === "inline");
      const toBook = "../".repeat(env.relativePath.split("/").length - 1);
      const found = box(inside.map(({ content }) => content), book, toBook);
      if (!found) continue;
      open.meta = { type: "warning bug", title: md.renderInline(found.title, env) };
      inside.forEach((inline, which) => (inline.content = found.texts[which]));
      if (!found.link) continue;
      const last = Object.assign(Object.create(Object.getPrototypeOf(open)), open);
      const content =
        `<dl><div><dt>Its patch</dt><dd>${md.renderInline(found.link, env)}</dd></div></dl>`;
      Object.assign(last, { type: "html_block", content, nesting: 0 });
      tokens.splice(end, 0, last);
    }
  });
}
