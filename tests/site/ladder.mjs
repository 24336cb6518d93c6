// Prints what the ladder view makes of its recording and of its page, as JSON.

import { readFileSync } from "node:fs";

import { counts } from "../../book/.vitepress/theme/ladder/draw.js";
import { sentences } from "../../book/.vitepress/theme/ladder/sentences.js";

const book = new URL("../../book/", import.meta.url);
const { stages, about } = JSON.parse(readFileSync(new URL("fig/ladder-trace.json", book), "utf8"));
console.log(JSON.stringify({
  counts: stages.map((stage) => about.moments.map((_, moment) => counts(stage, moment))),
  sentences: sentences(readFileSync(new URL("ladder-view.md", book), "utf8")),
}));
