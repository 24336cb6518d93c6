// Prints the built site as one PDF, with a title, a table of contents with page numbers, the named
// pages in order, and the solutions of their exercises. Links between the pages lead inside the
// PDF.
//
// node print_pdf.mjs CHROMIUM SITE FILE PAGE…    a page by its name: 06-poll

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

const [program, site, file, ...names] = process.argv.slice(2);
const host = "http://book.invalid";
const patience = 600_000; // ms
const version = readFileSync("../common/cmake/version.txt", "utf8").trim();
const small = "font: 8pt var(--label-font); color: #444";

/** The content of a page, with unique ids. */
function content(name) {
  const html = readFileSync(join(site, `${name}.html`), "utf8");
  const main = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
  return main.slice(main.indexOf(">") + 1)
    .replace(/ target="_self"| tabindex="-1"|<a class="alive".*?<\/a>/g, "")
    .replace(/(?<=\bid="|\burl\(#|\bhref="#)(?=[\w-])/g, `${name}--`)
    .replace(/\bhref="\.?\/(?=["#])/g, 'href="/index.html')
    .replace(/\bhref="\.?\/([\w/-]+?)(?:\.html|\/)(?:#([^"]*))?"/g, (_, other, anchor) =>
      names.includes(other) ? `href="#${other}${anchor ? `--${anchor}` : ""}"` : "");
}

/** Adds page numbers to the index, as on paper: `Not now (p. 88), 7 (p. 107)`. */
const withPages = (html) =>
  html.replace(/<a href="#([\w.-]+)">.*?<\/a>/gs, "$&&nbsp;(p.&nbsp;#$1#)");

const number = (name) => /^(\d\d|appendix-\w)-/.exec(name)?.[1].replace(/^0|appendix-/, "");

const plain = (heading) =>
  heading.replace(/<a class="header-anchor".*?<\/a>/s, "").replace(/<[^>]+>/g, "").trim();

/** Takes the solutions out of a page, and leaves references in their places. */
function withoutSolutions({ name, html }) {
  const solutions = [];
  const exercises = /<h3 id="([^"]+)".*?<\/h3>|<details><summary>Solution<\/summary>(.*?)<\/details>/gs;
  let exercise = ["", ""];
  const rest = html.replace(exercises, (all, id, solution) => {
    if (solution === undefined) {
      exercise = [id, plain(all)];
      return all;
    }
    const place = `solutions--${exercise[0]}`;
    solutions.push(`<h3 id="${place}">${exercise[1]}</h3>${solution}`);
    return `<p class="solved"><a href="#${place}">The solution</a> is on page #${place}#.</p>`;
  });
  return { name, html: rest, solutions };
}

/** A page with the solutions from all pages. */
function atTheEnd(pages) {
  const parts = pages.filter(({ solutions }) => solutions.length > 0).map((page) => {
    const { mark, text } = entries(page)[0];
    return `<h2 id="solutions--${page.name}">${mark.toUpperCase()} ${text}</h2>` +
      page.solutions.join("");
  });
  return { name: "solutions", html: `<h1 id="solutions--all">Solutions</h1>${parts.join("")}` };
}

/** The headings of a page, which are its title and its sections. */
function entries({ name, html }) {
  const found = [...html.matchAll(/<h([12]) id="([^"]+)"[^>]*>(.*?)<\/h\1>/gs)];
  return found.map(([, level, id, text]) =>
    ({ level, id: level === "1" ? name : id, text: plain(text), mark: number(name) ?? "" }));
}

/** The table of contents, as far as the pages are known. */
function contents(pages, where) {
  const rows = pages.flatMap(entries).map(({ level, id, text, mark }) =>
    `<li class="level-${level}"><span>${level === "1" ? mark.toUpperCase() : ""}</span>` +
    `<a href="#${id}">${text}</a><b>${where.get(id) ?? ""}</b></li>`);
  return `<nav class="contents"><h1 id="contents">Contents</h1>` +
    `<p class="opener-line">Version ${version}</p><ol>${rows.join("")}</ol></nav>`;
}

/** The lines above and below a page, with its chapter and its number. */
function runningHeads(pages) {
  const heads = pages.map(({ name, html }) => {
    const { mark, text } = entries({ name, html })[0];
    const said = JSON.stringify(`${mark.toUpperCase()}  ${text}`.trim());
    return `@page p-${name} { @top-left { ${small}; content: ${said}; } }`;
  });
  return "<style>@page { size: A4; " +
    `@bottom-center { ${small}; content: counter(page); } }\n${heads.join("\n")}</style>`;
}

function whole(pages, where) {
  const styles = readdirSync(join(site, "assets")).filter((one) => one.endsWith(".css"));
  const [title, ...chapters] = pages.map(({ name, html }) => {
    const mark = number(name);
    const which = mark ? `${/\d/.test(mark) ? "Chapter" : "Appendix"} ${mark.toUpperCase()}` : "";
    const head = name === names[0] ? "" : ` style="page: p-${name}"`;
    return `<section class="printed vp-doc" id="${name}"${head}>` +
      `<p class="opener-line">${which}</p>${html}</section>`;
  });
  return '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">' +
    "<title>Six Servers and a Finger</title>" +
    styles.map((one) => `<link rel="stylesheet" href="/assets/${one}">`).join("") +
    `${runningHeads(pages.slice(1))}</head><body><div class="Layout">${title}` +
    `${contents(pages.slice(1), where)}${chapters.join("")}</div></body></html>`
      .replace(/#([\w.-]+)#/g, (_, place) => where.get(place) ?? "000"); // as wide as a page
}

/** The page of each heading, from the PDF itself. */
function destinations() {
  const text = execFileSync("pdfinfo", ["-dests", file], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return new Map([...text.matchAll(/^ *(\d+) \[.*?\] "(.*)"$/gm)].map(([, page, id]) =>
    [decodeURIComponent(id), page]));
}

const author = /^authors:\n {2}- name: (.+)$/m.exec(readFileSync("../CITATION.cff", "utf8"))[1];
const pages = names.map((name) => {
  const html = content(name);
  return withoutSolutions({ name, html: name.endsWith("-index") ? withPages(html) : html });
});
pages.push(atTheEnd(pages));
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: program, args });
const context = await browser.newContext({ javaScriptEnabled: false });
const page = await context.newPage();
page.setDefaultTimeout(patience);
let where = new Map();
await page.route("**/*", (route) => {
  const { pathname } = new URL(route.request().url());
  if (pathname !== "/") return route.fulfill({ path: join(site, pathname) });
  return route.fulfill({ contentType: "text/html", body: whole(pages, where) });
});

// Print once to find the page numbers, and again with them, which may move the text by a line.
for (let time = 0, said = ""; time < 5; ++time) {
  await page.goto(`${host}/`, { waitUntil: "load" });
  await page.pdf({ path: file, preferCSSPageSize: true, outline: true, tagged: true });
  where = destinations();
  const found = JSON.stringify([...where]);
  if (found === said) break;
  said = found;
}
await browser.close();

// Chromium names itself as the creator, and no author. The replacement has as many bytes, because
// the file has a table of the positions of its objects.
const printed = readFileSync(file, "latin1").replace(/\/Creator \((.*?[^\\])\)/, (creator) =>
  `/Author (${author})`.padEnd(creator.length));
writeFileSync(file, printed, "latin1");

// Chromium writes the time of day. The same book, released twice, must be the same file.
if (process.env.SOURCE_DATE_EPOCH) {
  const day = new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString();
  const date = `D:${day.slice(0, 19).replace(/[-T:]/g, "")}+00'00'`;
  writeFileSync(file, printed.replace(/D:\d{14}\+00'00'/g, date), "latin1");
}
