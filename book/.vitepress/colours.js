// The colours of theme/colours.json as a style sheet, which the theme imports.

import { readFileSync } from "node:fs";

const sheet = "virtual:colours.css";
const tokens = JSON.parse(readFileSync(new URL("theme/colours.json", import.meta.url), "utf8"));

const properties = (mode) =>
  Object.entries(tokens).map(([name, token]) => `--${name}: ${token[mode]};`).join(" ");

export const colours = {
  name: "colours",
  resolveId: (id) => (id === sheet ? `\0${sheet}` : undefined),
  load: (id) => (id === `\0${sheet}` ? `:root { ${properties("light")} }
@media screen { .dark { ${properties("dark")} } }
@media print { :root { ${properties("print")} } }
` : undefined),
};
