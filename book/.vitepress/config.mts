// The site of the book, made of the unchanged chapters beside this directory. ../../read runs it.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

import type MarkdownIt from "markdown-it";
import { defineConfig, type HeadConfig } from "vitepress";

import { bugBoxes } from "./boxes.js";
import { filesAt, repositoryOf } from "./code-host.js";
import { colours } from "./colours.js";
import { consoleLanguage } from "./console.js";
import { figures } from "./figures.js";
import { listings } from "./listings.js";
import { copyMachine, hasMachine, machineModules, serveMachine } from "./machine.js";
import { opener, openerLine } from "./opener.js";
import { searchOptions } from "./search.js";
import { tablesWithNumbers } from "./tables.js";

const address = process.env.BOOK_URL?.replace(/\/?$/, "/") ?? ""; // of the site, if it has one
const base = process.env.BOOK_BASE ?? (address ? new URL(address).pathname : "/");
const book = join(dirname(fileURLToPath(import.meta.url)), "..");
const version = readFileSync(join(book, "../common/cmake/version.txt"), "utf8").trim();
const longestWhole = 24; // characters; a phone has some thirty in a line

// Without JavaScript these can do nothing. The chapters, which a phone's menu opens, are below.
const withoutScript = `<style>
.VPNavBarSearch, .VPNavBarAppearance, .VPNavBarExtra, .VPNavBarHamburger, .VPLocalNav { display: none !important }
@media (max-width: 959px) {
  .Layout { display: flex; flex-direction: column }
  .VPContent { order: 1 }
  .VPSidebar {
    position: static !important; order: 2; width: auto !important; max-width: none !important;
    transform: none !important; opacity: 1 !important; visibility: visible !important;
  }
}
</style>`;

function chapters(pattern: RegExp) {
  return readdirSync(book)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => {
      const title = titleOf(name) ?? name;
      const [, number, letter] = /^(?:(\d\d)|appendix-(\w))-/.exec(name)!;
      const mark = number ? Number(number) : letter.toUpperCase();
      return { text: `<span class="mark">${mark}</span> ${title}`, link: `/${name.slice(0, -3)}` };
    });
}

function titleOf(page: string): string | undefined {
  return /^title: (.+)$/m.exec(readFileSync(join(book, page), "utf8"))?.[1].replaceAll("'", "’");
}

/** The address of the code for a browser, if this clone knows it. */
function codeHost(): string | undefined {
  try {
    const asked = ["remote", "get-url", "origin"];
    const origin = execFileSync("git", asked, { cwd: book, stdio: "pipe" });
    return filesAt(origin.toString().trim());
  } catch {
    return undefined;
  }
}

const host = codeHost();

/** Links to code go to the code host. Without a host, only their text is left. */
function linkCode(md: MarkdownIt) {
  md.core.ruler.push("code-links", (state) => {
    for (const block of state.tokens) {
      const children = block.children ?? [];
      for (const [i, token] of children.entries()) {
        const target = token.type === "link_open" ? token.attrGet("href") : null;
        if (!target || /^([a-z]+:|[#/])/.test(target)) continue;
        const file = posix.join("book", dirname(state.env.relativePath), target);
        if (/^book\/.*\.md(#.*)?$/.test(file)) {
          // Links must use the new names of pages that `rewrites` renames.
          token.attrSet("href", target.replace(/README\.md(?=#|$)/, "index.md"));
          continue;
        }
        const bug = /^book\/bugs\/(.+)\.patch$/.exec(file)?.[1];
        if (bug) { // the page of [bug].paths.js
          token.attrSet("href", `/bugs/${bug}`);
        } else if (host) {
          token.attrSet("href", host + file);
        } else {
          const close = children.slice(i).find(({ type }) => type === "link_close")!;
          token.tag = close.tag = "span";
          token.attrs = [["title", file.replace(/#.*/, "")]];
        }
      }
    }
  });
}

/**
 * Double braces in code are code, not an expression for Vue. A short word isn't broken, and a long
 * word only between its parts, so that no line ends with the hyphens of `--sqpoll`, nor with the dot
 * of `. tools/shell.sh`.
 */
function literalCode(md: MarkdownIt) {
  md.renderer.rules.code_inline = (tokens, index, options, env, renderer) => {
    const words = tokens[index].content.split(" ").map((word) => {
      const text = md.utils.escapeHtml(word);
      if (word.length > longestWhole) return text.replace(/_+|\/|::|[.a-z](?=[A-Z])/g, "$&<wbr>");
      return word.includes("-") ? `<span class="whole">${text}</span>` : text;
    });
    if (/^\S \S/.test(tokens[index].content)) {
      words.unshift(`<span class="whole">${words.shift()} ${words.shift()}</span>`);
    }
    return `<code v-pre${renderer.renderAttrs(tokens[index])}>${words.join(" ")}</code>`;
  };
}

/** Sets quotes, apostrophes, and dashes between blanks as in a printed book. */
function typographic(md: MarkdownIt) {
  md.set({ typographer: true }).disable("replacements");
  md.core.ruler.push("dashes", ({ tokens }) => {
    tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === "text")
      .forEach((text) => (text.content = text.content.replaceAll(" - ", " – ")));
  });
}

/** VitePress's anchor, except that underscores stay, as on a code host. */
function anchorOf(heading: string): string {
  return heading.normalize("NFKD").replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-+|-+$/g, "")
    .replace(/^(\d)/, "_$1").toLowerCase();
}

/** The steps in the text of the ring view's page become links to the view. */
function stepsAreLinks(md: MarkdownIt) {
  md.core.ruler.push("steps-are-links", ({ tokens, env }) => {
    if (env.relativePath !== "ring-view.md") return;
    tokens.forEach(({ type }, i) => {
      const cell = tokens[i + 1];
      if (type !== "td_open" || !/^\d+$/.test(cell.content)) return;
      const [text] = cell.children!;
      text.type = "html_inline";
      text.content = `<a href="#step=${cell.content}">${cell.content}</a>`;
    });
  });
}

export default defineConfig({
  title: "Six Servers and a Finger",
  description: "One TCP server written six times, and a Finger daemon on the last of them",
  lang: "en",
  base,
  head: [["link", { rel: "icon", href: `${base}icon.svg` }], ["noscript", {}, withoutScript]],
  sitemap: address ? { hostname: address } : undefined,
  outDir: process.env.BOOK_OUT ?? "../build/site",
  cacheDir: "../build/site-cache",
  buildConcurrency: 1,  // the search's index has the pages in the order in which they finish
  srcExclude: ["tools/**", "runs/**", "steps/**", "solutions/**", "node_modules/**",
    ...(hasMachine ? [] : ["try.md"])],
  rewrites: { "bugs/README.md": "bugs/index.md" },
  cleanUrls: false,
  transformPageData(page) {
    page.frontmatter.opener = opener(page.relativePath, book);
    const isFirst = page.relativePath === "index.md";
    const isPicture = isFirst || /(-view|^own)\.md$/.test(page.relativePath);
    if (isPicture) page.frontmatter.pageClass = "picture";
    if (isFirst) {
      page.frontmatter.outline = false;
      page.frontmatter.next = { text: titleOf("00-setup.md")!, link: "/00-setup" };
    }
  },
  buildEnd({ outDir }) {
    copyMachine(outDir);
  },
  transformHead({ page, pageData: { title, relativePath }, description }) {
    const here = address + relativePath.replace(/\.md$/, ".html").replace(/(^|\/)index\.html$/, "$1");
    const said = {
      type: "article", site_name: "Six Servers and a Finger", title, description,
      image: `${address || base}ladder.png`, "image:width": "1200", "image:height": "630",
      "image:alt": "B says “hi” to six servers while A is silent; five of them answer.",
    };
    const canonical: HeadConfig[] =
      address && page !== "404.md" ? [["link", { rel: "canonical", href: here }]] : [];
    return [...canonical, ["meta", { name: "twitter:card", content: "summary_large_image" }],
      ...Object.entries(said).map(([name, content]): HeadConfig =>
        ["meta", { property: `og:${name}`, content }])];
  },
  markdown: {
    anchor: { slugify: anchorOf },
    languages: ["shellscript", consoleLanguage],
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // Shiki stops in the middle of a line after half a second. On a busy machine the colours after
    // that would be wrong, and different in each build.
    shikiSetup: (shiki) => {
      const { codeToHtml } = shiki;
      shiki.codeToHtml = (code, options) => codeToHtml(code, { ...options, tokenizeTimeLimit: 0 });
    },
    config: (md) => {
      typographic(md);
      linkCode(md);
      literalCode(md);
      tablesWithNumbers(md);
      stepsAreLinks(md);
      bugBoxes(md, book);
      listings(md, book);
      openerLine(md);
      // A script replaces these figures by components. The search shows lines of a page without
      // them. A component must not have the name of its page, such as LadderView, because Vue would
      // take it for the page.
      figures(md, book, { "ring-view": "RecordedRing", ladder: "RecordedLadder", own: "OwnServer" });
    },
  },
  vite: {
    build: { assetsInlineLimit: 0 }, // figures stay files
    define: { __MACHINE__: String(hasMachine) },
    plugins: [colours, serveMachine, machineModules, {
      name: "ends-with-ctrl-c",
      configureServer() {
        process.once("SIGINT", () => process.exit()); // with status 0
      },
    }],
  },
  themeConfig: {
    nav: host ? [{ text: "Code and releases", link: repositoryOf(host) }] : undefined,
    sidebar: [
      { text: "The ladder view", link: "/ladder-view" },
      { text: "Your own server", link: "/own" },
      // The same parts as on the first page.
      { text: "One long evening", items: chapters(/^0[0-2]-.*\.md$/) },
      { text: "The ladder", items: chapters(/^0[3-9]-.*\.md$/) },
      { text: "The ring", items: chapters(/^1[0-2]-.*\.md$/) },
      { text: "In service", items: chapters(/^1[3-5]-.*\.md$/) },
      { text: "Looking back", items: chapters(/^1[67]-.*\.md$/) },
      { text: "The handbook", items: chapters(/^appendix-\w-.*\.md$/) },
      { text: "The ring view", link: "/ring-view" },
      ...(hasMachine ? [{ text: "A Linux to try it in", link: "/try" }] : []),
      { text: "Hazards without a patch", link: "/bugs/" },
      { text: `Version ${version}` },
    ],
    outline: { level: [2, 3] },
    notFound: {
      title: "No such page",
      quote: "It may have another name now, and the search knows them all.",
      linkLabel: "To the first page",
      linkText: "To the first page",
    },
    search: { provider: "local", options: searchOptions },
  },
});
