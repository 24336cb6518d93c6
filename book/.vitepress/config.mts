// The site of the book: the chapters beside this directory, as they are. ../../read runs it.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

import type MarkdownIt from "markdown-it";
import { withMermaid } from "vitepress-plugin-mermaid";

const book = join(dirname(fileURLToPath(import.meta.url)), "..");

function chapters(pattern: RegExp) {
  return readdirSync(book)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => {
      const title = /^title: (.+)$/m.exec(readFileSync(join(book, name), "utf8"))?.[1] ?? name;
      const number = /^\d\d/.exec(name)?.[0];
      return { text: number ? `${Number(number)} ${title}` : title, link: `/${name.slice(0, -3)}` };
    });
}

/** Where the code can be read, if this clone knows it. */
function codeHost(): string | undefined {
  try {
    const origin = execFileSync("git", ["remote", "get-url", "origin"], { cwd: book, stdio: "pipe" });
    const url = origin.toString().trim().replace(/\.git$/, "");
    return url.startsWith("https://") ? `${url}/blob/main/` : undefined;
  } catch {
    return undefined;
  }
}

/** Links to code go to the code host; where there is none, the name is enough. */
function linkCode(md: MarkdownIt) {
  const host = codeHost();
  md.core.ruler.push("code-links", (state) => {
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        const target = token.type === "link_open" ? token.attrGet("href") : null;
        if (!target || /^([a-z]+:|[#/])/.test(target)) continue;
        const file = posix.join("book", dirname(state.env.relativePath), target);
        if (/^book\/.*\.md(#.*)?$/.test(file)) continue;
        if (host) token.attrSet("href", host + file);
        else token.attrs = [["title", file]];
      }
    }
  });
}

/** Double braces in code are code, and no expression of the site's. */
function literalCode(md: MarkdownIt) {
  const render = md.renderer.rules.code_inline!;
  md.renderer.rules.code_inline = (tokens, index, ...rest) => {
    tokens[index].attrSet("v-pre", "");
    return render(tokens, index, ...rest);
  };
}

export default withMermaid({
  title: "Six Servers and a Finger",
  description: "One TCP server written six times, and a Finger daemon on the last of them",
  lang: "en",
  base: process.env.BOOK_BASE ?? "/",
  outDir: process.env.BOOK_OUT ?? "../build/site",
  cacheDir: "../build/site-cache",
  srcExclude: ["tools/**", "runs/**", "steps/**", "solutions/**", "node_modules/**"],
  rewrites: { "bugs/README.md": "bugs/index.md" },
  cleanUrls: false,
  markdown: {
    languageAlias: { console: "shellsession" },
    config: (md) => {
      linkCode(md);
      literalCode(md);
    },
  },
  mermaid: { theme: "neutral" },
  themeConfig: {
    sidebar: [
      { text: "The book", items: chapters(/^\d\d-.*\.md$/) },
      { text: "Appendices", items: chapters(/^appendix-.*\.md$/) },
      { text: "The bug zoo", link: "/bugs/" },
    ],
    outline: { level: [2, 3] },
    search: { provider: "local" },
  },
});
