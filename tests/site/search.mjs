// Searches a built site, like its search box, and prints the results for each question, as page and
// anchor, best first.
//
// node search.mjs SITE QUESTION…

import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { searchOptions } from "../../book/.vitepress/search.js";

const typed = 64; // characters in the box at most
const shown = 16; // results
const book = new URL("../../book/package.json", import.meta.url);
const MiniSearch = createRequire(book)("minisearch");
const [site, ...questions] = process.argv.slice(2);
const chunks = join(site, "assets", "chunks");
const name = readdirSync(chunks).find((file) => file.startsWith("@localSearchIndexroot"));
const { default: index } = await import(pathToFileURL(join(chunks, name)));
const { options, searchOptions: ranks } = searchOptions.miniSearch;
const search = MiniSearch.loadJSON(index,
  { fields: ["title", "titles", "text"], storeFields: [], searchOptions: ranks, ...options });
const found = questions.map((question) =>
  search.search(question.slice(0, typed)).slice(0, shown).map(({ id }) => id.replace(/^\/|\.html/g, "")));
console.log(JSON.stringify(found));
