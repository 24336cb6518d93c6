// Prints the ring view's steps for a trace, as JSON: node replay.mjs FILE
// Each step has the places of all operations' boxes, in the two forms of the drawing.

import { readFileSync } from "node:fs";

import { boxes, narrow, wide } from "../../book/.vitepress/theme/ring/draw.js";
import { replay } from "../../book/.vitepress/theme/ring/replay.js";

const run = replay(JSON.parse(readFileSync(process.argv[2], "utf8")));
const places = (step, form) => boxes(run, step, form, String)
  .filter(({ key, at }) => at !== "hidden" && !/async_cancel/.test(key))
  .map(({ number, at }) => [number, at]);
console.log(JSON.stringify(run.steps.map((step) =>
  ({ ...step, places: [places(step, wide), places(step, narrow)] }))));
