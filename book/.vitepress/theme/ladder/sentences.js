import { withApostrophes } from "../apostrophes.js";

/** From book/ladder-view.md: for each moment, a sentence for each server. */
export function sentences(page) {
  return page.split("\n### ").slice(1).map((part) =>
    [...part.matchAll(/^\| \[\d\]\([^)]*\) \| (.*) \|$/gm)].map(([, sentence]) =>
      withApostrophes(sentence)));
}
