// Draws the still pictures of the recorded ladder. book/fig/ladder.svg is the moment when B says
// “hi” on all six servers, and ladder-1-3.svg to ladder-6-3.svg are its rows, for the chapters.
// README.md shows .github/ladder-dark.svg to whoever reads it in dark colours.
//
// node draw_ladder.mjs [--check]    with --check only says whether the figures fit the trace

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { legend, literal, rowInWords, wide, wideRow } from "../.vitepress/theme/ladder/draw.js";

const figures = new URL("../fig/", import.meta.url);
const { stages, about } = JSON.parse(readFileSync(new URL("ladder-trace.json", figures), "utf8"));
const moment = 2;
const margin = 12;
const gap = 6;

const heads = [
  [100, "clients", "start"], [238, "our process", "start"], [418, "kernel", "start"],
  [768, "system calls", "end"],
].map(([x, words, anchor]) => `<text x="${x}" y="54" text-anchor="${anchor}" ` +
  `fill="${literal("quiet")}" font-size="12">${words}</text>`).join("");

/** Draws rows below each other, with lines between them. */
function picture(shown, title = "") {
  const top = title ? 62 : margin;
  const foot = title ? 34 : margin;
  const height = top + shown.length * (wide.height + gap) - gap + foot;
  const width = wide.width + 2 * margin;
  const rows = shown.map((stage, i) => `<g transform="translate(${margin} ` +
    `${top + i * (wide.height + gap)})">${wideRow(stages, stage, moment, literal)}</g>`);
  const head = title ? `<text x="${margin + 6}" y="28" font-size="17" font-weight="bold" ` +
    `fill="${literal("ink")}">${title}</text>${heads}` : "";
  const described = shown.map((stage) => rowInWords(stages, stage, moment)).join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" \
width="${width}" height="${height}" role="img" aria-labelledby="t d" \
font-family="system-ui, sans-serif">
  <!-- Drawn by book/tools/draw_ladder.mjs from ladder-trace.json. -->
  <title id="t">A is connected and silent. ${about.moments[moment]}</title>
  <desc id="d">${described}</desc>
  <rect width="${width}" height="${height}" rx="8" fill="${literal("sheet")}"/>
  ${[head, ...rows, title && legend(height - 17, literal)].filter(Boolean).join("\n  ")}
</svg>
`;
}

const colours = new URL("../.vitepress/theme/colours.json", import.meta.url);
const darkOf = new Map(Object.values(JSON.parse(readFileSync(colours, "utf8")))
  .map(({ light, dark }) => [light, dark]));

const all = stages.map((_, stage) => stage);
const whole = picture(all, "A is connected and silent. B says “hi”. What does each of them do about it?");
const drawn = new Map([
  ["ladder.svg", whole],
  ["../../.github/ladder-dark.svg", whole.replace(/#[0-9a-f]{6}/g, (light) => darkOf.get(light))],
  ...all.map((stage) => [`ladder-${stage + 1}-${moment + 1}.svg`, picture([stage])]),
]);

for (const [name, svg] of drawn) {
  const file = new URL(name, figures);
  if (!process.argv.includes("--check")) {
    writeFileSync(file, svg);
  } else if (readFileSync(file, "utf8") !== svg) {
    console.error(`${fileURLToPath(file)} is not the trace's: node book/tools/draw_ladder.mjs`);
    process.exitCode = 1;
  }
}
