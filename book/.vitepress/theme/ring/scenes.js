import { withApostrophes } from "../apostrophes.js";

/** The scenes of book/ring-view.md, with their hints, and sentences for some steps. */
export function scenes(page) {
  const found = withApostrophes(page).split("\n### ").slice(1).map((part) => {
    const [title, , watch] = part.split("\n");
    const rows = [...part.matchAll(/^\| (\d+) \| (.*) \|$/gm)];
    const says = Object.fromEntries(rows.map(([, step, sentence]) => [step - 1, sentence]));
    return { title, watch, says, first: rows[0]?.[1] - 1 };
  });
  const all = found.filter(({ first }) => first >= 0);
  return all.map((scene, i) => ({ ...scene, next: all[i + 1]?.first ?? Infinity }));
}
