// Draws book/fig/ring-view.svg, one moment of the recorded trace, for places without scripts.
//
// node draw_ring.mjs [--check]    with --check only says whether the figure fits the trace

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { literal } from "../.vitepress/theme/ladder/draw.js";
import { boxes, scene, waitsFor, wide } from "../.vitepress/theme/ring/draw.js";
import { replay } from "../.vitepress/theme/ring/replay.js";

const figures = new URL("../fig/", import.meta.url);
const picture = new URL("ring-view.svg", figures);
const run = replay(JSON.parse(readFileSync(new URL("ring-trace.json", figures), "utf8")));
const margin = 12;

/** The moment when two clients have completions, and the third client's receive has none. */
const step = run.steps.find(({ kind, cqHead, cqTail }, i) => kind === "arrive" &&
  cqTail - cqHead === 2 && run.completed.slice(cqHead, cqTail).every(({ number }) =>
    run.operations.get(number).client) && waitsFor(run, run.steps[i], "C") === "waits for bytes");

const drawn = boxes(run, step, wide, literal).map(({ x, y, svg }) =>
  `<g transform="translate(${x} ${y})">${svg}</g>`);
const clients = [..."ABC"].map((name) => `${name} ${waitsFor(run, step, name)}`).join("; ");
const [width, height] = [wide.width + 2 * margin, wide.height + 2 * margin];

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" \
width="${width}" height="${height}" role="img" aria-labelledby="t d" \
font-family="system-ui, sans-serif">
  <!-- Drawn by book/tools/draw_ring.mjs from ring-trace.json. -->
  <title id="t">The two queues at one moment of a recorded run</title>
  <desc id="d">${step.text} ${clients}. The submission queue has its head at ${step.sqHead} and \
its tail at ${step.sqTail}, the completion queue at ${step.cqHead} and ${step.cqTail}.</desc>
  <rect width="${width}" height="${height}" rx="8" fill="${literal("sheet")}"/>
  <g transform="translate(${margin} ${margin})">
    <g>${scene(run, step, wide, literal)}</g>
    ${drawn.join("\n    ")}
  </g>
</svg>
`;

if (!process.argv.includes("--check")) {
  writeFileSync(picture, svg);
} else if (readFileSync(picture, "utf8") !== svg) {
  console.error(`${fileURLToPath(picture)} is not the trace's: node book/tools/draw_ring.mjs`);
  process.exit(1);
}
