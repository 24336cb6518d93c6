// Asks the search of a built site, as its search box does, and prints what each question leads to:
// page and anchor, best first.
//
// node search.mjs SITE QUESTION…

import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { searchOptions } from "../../book/.vitepress/search.js";

const typed = 64; // characters, at most, into the box
const shown = 16; // by it
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
