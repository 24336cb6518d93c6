// Draws book/fig/ring-view.svg: one moment of the recorded trace, for where no script runs.
//
// node draw_ring.mjs [--check]    with --check only says whether the figure is that of the trace

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  completionRing, inFlight, marker, size, submissionRing,
} from "../.vitepress/theme/ring/draw.js";
import { replay } from "../.vitepress/theme/ring/replay.js";

const figures = new URL("../fig/", import.meta.url);
const picture = new URL("ring-view.svg", figures);
const run = replay(JSON.parse(readFileSync(new URL("ring-trace.json", figures), "utf8")));

/** The moment with most to see: a full submission ring, and many operations in flight. */
function telling(step) {
  return 100 * (step.sqTail - step.sqHead) + inFlight(run, step).length;
}

const step = run.steps.reduce((best, one) => (telling(one) > telling(best) ? one : best));
const flight = inFlight(run, step);
const lines = flight.map(({ number, text, asked }, i) => {
  const words = `${number}: ${text}${asked ? ", asked to end" : ""}`;
  return `<text x="24" y="${size + 82 + i * 20}">${words}</text>`;
});
const height = size + 92 + lines.length * 20;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * size} ${height}" \
width="${2 * size}" height="${height}" role="img" aria-labelledby="t d" \
font-family="system-ui, sans-serif" font-size="14">
  <title id="t">The two rings at one moment of a recorded run</title>
  <desc id="d">${step.text} The submission ring has its head at ${step.sqHead} and its tail at \
${step.sqTail}, the completion ring at ${step.cqHead} and ${step.cqTail}. In flight: \
${flight.map(({ number, text }) => `${number}, ${text}`).join("; ")}.</desc>
  <rect width="${2 * size}" height="${height}" rx="8" fill="#fbfaf6"/>
  ${marker}
  <g>${submissionRing(run, step)}</g>
  <g transform="translate(${size} 0)">${completionRing(run, step)}</g>
  <g fill="#23252b">
    <text x="24" y="${size + 26}">${step.text}</text>
    <text x="24" y="${size + 58}" font-weight="bold">In flight</text>
    ${lines.join("\n    ")}
  </g>
</svg>
`;

if (!process.argv.includes("--check")) {
  writeFileSync(picture, svg);
} else if (readFileSync(picture, "utf8") !== svg) {
  console.error(`${fileURLToPath(picture)} is not the trace's: node book/tools/draw_ring.mjs`);
  process.exit(1);
}
