// Prints the ladder view's numbers and sentences for its recording, as JSON.

import { readFileSync } from "node:fs";

import { counts } from "../../book/.vitepress/theme/ladder/draw.js";

const book = new URL("../../book/", import.meta.url);
const { stages, about } = JSON.parse(readFileSync(new URL("fig/ladder-trace.json", book), "utf8"));
console.log(JSON.stringify({
  counts: stages.map((stage) => about.moments.map((_, moment) => counts(stage, moment))),
  sentences: JSON.parse(readFileSync(new URL("fig/ladder-says.json", book), "utf8")),
}));
