// Draws book/public/ladder.png, the picture that is shown with a link to a page of the site: the
// title, and the moment in which B says “hi” on all six servers.
//
// node draw_card.mjs CHROMIUM

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { literal, narrow, narrowRow } from "../.vitepress/theme/ladder/draw.js";

const book = new URL("../", import.meta.url);
const picture = new URL("public/ladder.png", book);
const { stages } = JSON.parse(readFileSync(new URL("fig/ladder-trace.json", book), "utf8"));
const size = { width: 1200, height: 630 }; // what those who show it ask for
const saysHi = 2;

const fonts = [["Inter", 400, "inter"], ["Inter", 600, "inter"],
  ["JetBrains Mono", 400, "jetbrains-mono"]].map(([family, weight, name]) =>
  `@font-face { font-family: "${family}"; font-weight: ${weight}; ` +
  `src: url(/@fontsource/${name}/files/${name}-latin-${weight}-normal.woff2); }`);

const rows = stages.map((_, stage) => `<svg viewBox="0 0 ${narrow.width} ${narrow.height}">` +
  `${narrowRow(stages, stage, saysHi, literal)}</svg>`)
  .join("\n").replaceAll("ui-monospace, monospace", "JetBrains Mono");

const page = `<!DOCTYPE html><meta charset="utf-8"><style>
${fonts.join("\n")}
body { box-sizing: border-box; width: ${size.width}px; height: ${size.height}px; margin: 0;
  padding: 34px 40px; color: ${literal("ink")}; background: ${literal("sheet")};
  font: 27px/1.3 Inter; }
h1 { margin: 0; font: 600 54px/1.2 Inter; letter-spacing: -0.015em; }
p { margin: 4px 0 22px; color: ${literal("quiet")}; }
div { display: grid; grid: repeat(3, auto) / auto-flow 1fr; gap: 6px 36px; }
svg { display: block; width: 100%; }
</style><h1>Six Servers and a Finger</h1>
<p>One TCP server, written six times. Here B says “hi” while A is silent.</p>
<div>${rows}</div>
`;

const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.argv[2], args });
const tab = await browser.newPage({ viewport: size });
await tab.route("**/*", (route) => {
  const { pathname } = new URL(route.request().url());
  if (pathname === "/") return route.fulfill({ contentType: "text/html", body: page });
  return route.fulfill({ path: fileURLToPath(new URL(`node_modules${pathname}`, book)) });
});
await tab.goto("http://card.invalid/", { waitUntil: "networkidle" });
writeFileSync(picture, await tab.screenshot());
await browser.close();
