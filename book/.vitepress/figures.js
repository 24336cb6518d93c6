// Pictures become part of the page, in the page's colours, because an <img> doesn't know whether
// the reader has chosen dark.

import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { asOnThePage } from "./theme/recolour.js";
import { narrow, narrowRow, themed } from "./theme/ladder/draw.js";

const tokens = JSON.parse(readFileSync(new URL("theme/colours.json", import.meta.url), "utf8"));

/** The SVG, with Markdown's alternative text in place of its own. */
export function inlined(svg, name, escapedText) {
  return asOnThePage(svg, tokens)
    .replace(/<(title|desc)\b.*?<\/\1>\s*/gs, "")
    .replace(/(?<=\bid="|url\(#|href="#)(?=[\w-])/g, `${name}-`)
    .replace(/ aria-labelledby="[^"]*"/, ` aria-label="${escapedText}"`)
    .replace(/<svg\b/, '<svg stroke-linejoin="round"')
    .replace(/^\s*\n/gm, "");
}

const smallestLetters = 11; // pixels; a phone shows a wide figure through a window

/** The least width at which a figure's smallest letters can be read. */
export function readableWidth(svg) {
  const sizes = [...svg.matchAll(/\bfont(?:-size)?(?:="|: ?)(?:bold )?([\d.]+)/g)];
  const [, width] = /viewBox="[\d.]+ [\d.]+ ([\d.]+)/.exec(svg);
  return Math.ceil((width * smallestLetters) / Math.min(...sizes.map(([, size]) => size)));
}

const rule = 1; // pixels on each side, since there may be a line between two panels

/** The panels of a figure, each as a picture, because a phone shows them below each other. */
export function panels(svg, name, escapedText) {
  const ends = /data-panels="([\d ]+)"/.exec(svg)?.[1].split(" ").map(Number) ?? [];
  return ends.slice(1).map((to, i) => {
    const width = to - ends[i] - 2 * rule;
    const box = `viewBox="${ends[i] + rule} 0 ${width} $1" ` +
      `style="width: ${Math.round(1.3 * width)}px"`;
    return inlined(svg, `${name}-${i + 1}`, i === 0 ? escapedText : "")
      .replace(/viewBox="\S+ \S+ \S+ (\S+)" width="\S+" height="\S+"/, box)
      .replace("<svg", '<svg class="narrow"')
      .replace('role="img" aria-label=""', 'aria-hidden="true"');
  }).join("");
}

/** A row of the ladder at the same moment, drawn for a phone. */
function row(name, book, escapedText) {
  const [, stage, moment] = /^ladder-(\d)-(\d)$/.exec(name) ?? [];
  if (!stage) return "";
  const { stages } = JSON.parse(readFileSync(join(book, "fig/ladder-trace.json"), "utf8"));
  return `<svg class="narrow" viewBox="0 0 ${narrow.width} ${narrow.height}" role="img" ` +
    `aria-label="${escapedText}">${narrowRow(stages, stage - 1, moment - 1, themed)}</svg>\n`;
}

/** The caption, which is the paragraph after a picture if all of it is in italics. */
function captionOf(md, [, inline], env) {
  const [first, ...rest] = inline?.children ?? [];
  const last = rest.pop();
  if (first?.type !== "em_open" || last?.type !== "em_close") return "";
  return md.renderer.render(rest, md.options, env);
}

/** Gives a picture in a paragraph of its own a number, a caption and an anchor. */
export function figures(md, book, views) {
  md.core.ruler.push("figures", (state) => {
    const { tokens: blocks, env } = state;
    const captions = new Set();
    const chapter = /^(?:(\d\d)|appendix-(\w))-/.exec(env.relativePath);
    const part = chapter ? `${chapter[1] ? Number(chapter[1]) : chapter[2].toUpperCase()}.` : "";
    let number = 0;
    blocks.forEach((block, i) => {
      const only = block.children?.length === 1 ? block.children[0] : undefined;
      const source = only?.type === "image" ? only.attrGet("src") : "";
      if (!source.endsWith(".svg")) return;
      const name = basename(source, ".svg");
      const svg = readFileSync(join(book, dirname(env.relativePath), source), "utf8");
      const below = blocks.slice(i + 2, i + 5); // a paragraph's beginning, text and end
      const caption = captionOf(md, below, env);
      if (caption) below.forEach((token) => captions.add(token));
      const text = md.utils.escapeHtml(only.content);
      const link = `<a href="#fig-${name}">Figure ${part}${(number += 1)}</a>`;
      const scene = row(name, book, text);
      const small = scene || panels(svg, name, text);
      const kind = scene ? "scene" : small ? "panels" : "wide";
      const view = name.replace(/^ladder-(\d)-(\d)$/, "ladder-view.html#stage=$1&amp;moment=$2");
      const further = scene && ` <a class="alive" href="./${view}">Step through it.</a>`;
      const figure = `<figure id="fig-${name}" class="${kind}" v-pre ` +
        `style="--readable: ${readableWidth(svg)}px">\n` +
        `${inlined(svg, name, text)}${small}<figcaption>${link} ${caption}${further}` +
        "</figcaption>\n</figure>\n";
      const component = views[name];
      const token = Object.assign(Object.create(Object.getPrototypeOf(block)), block);
      blocks[i] = Object.assign(token, {
        type: "html_block", children: null,
        content: component
          ? `<${component}>\n${figure}</${component}>\n`
          : figure,
      });
      blocks[i - 1].hidden = blocks[i + 1].hidden = true; // the paragraph around it
    });
    state.tokens = state.tokens.filter((token) => !captions.has(token));
  });
}
