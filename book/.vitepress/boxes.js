// Boxes about what goes wrong: the symptom becomes the title, and the patch a field. What to do, what
// one sees and the test are a list; where they are sentences of a paragraph, they become fields, too.

import { existsSync } from "node:fs";
import { join } from "node:path";

const heading = /^\*\*What goes wrong: (.+?)\.?\*\*\s*/s;
const caught = /\s*Caught by (.+?)\.?\s*$/s;
const back = /\s*Bring it back(, as root)?: (.+?)\.?\s*$/s;

/** What a box says: its title, its text, and its fields as Markdown. */
export function box(paragraphs, book, patches) {
  const title = heading.exec(paragraphs[0])?.[1];
  if (!title) return undefined;
  const texts = [paragraphs[0].replace(heading, ""), ...paragraphs.slice(1)];
  const last = texts.length - 1;
  const fields = [];
  const take = (field) => {
    const found = field.exec(texts[last]);
    texts[last] = texts[last].replace(field, "");
    return found;
  };
  const catcher = take(caught)?.[1];
  const [, root, command] = take(back) ?? [];
  const patch = `bugs/${/--bug ([\w-]+)/.exec(command ?? texts.join(" "))?.[1]}.patch`;
  if (command) fields.push([`Bring it back${root ?? ""}`, command]);
  if (catcher) fields.push(["Caught by", catcher]);
  const link = `[\`${patch}\`](${patches}${patch})`;
  if (existsSync(join(book, patch))) fields.push(["Its patch", link]);
  return { title: title[0].toUpperCase() + title.slice(1), texts, fields };
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
      const rows = found.fields.map(([name, text]) =>
        `<div><dt>${name}</dt><dd>${md.renderInline(text, env)}</dd></div>`);
      if (rows.length === 0) continue;
      const fields = Object.assign(Object.create(Object.getPrototypeOf(open)), open);
      const content = `<dl>${rows.join("")}</dl>`;
      Object.assign(fields, { type: "html_block", content, nesting: 0 });
      tokens.splice(end, 0, fields);
    }
  });
}
