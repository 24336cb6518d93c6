// A page for each patch of the zoo: what its head says, and the change.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

function page(file) {
  const [, head, patch] = /^(.*?)\n\n(.*)$/s.exec(readFileSync(join(here, file), "utf8"));
  const said = Object.fromEntries([...head.matchAll(/^(\w+): *(.*)$/gm)].map((field) =>
    field.slice(1)));
  const bug = basename(file, ".patch");
  const chapter = said.Chapter.replace(/^book\//, "");
  const number = Number(chapter.slice(0, 2));
  const rows = [
    ["runs it", `\`./serve ${said.Stage.split(/[, ]/)[0]} --bug ${bug}\``],
    ["finds it", `\`${said.Test}\``],
    ["and says", said.Says.replace(/[\\`*_{}[\]<>|]/g, "\\$&")], // text, and no Markdown
    ["is told in", `[${number ? `chapter ${number}` : "the handbook"}](../${chapter})`],
  ];
  const table = ["| | |", "| --- | --- |", ...rows.map(([what, text]) => `| ${what} | ${text} |`)];
  return {
    params: { bug, said: said.Title },
    content: `${said.Title}\n\n${table.join("\n")}\n\n\`\`\`diff\n${patch.trimEnd()}\n\`\`\`\n\n` +
      "[All of the zoo](../appendix-e-bug-zoo.md)\n",
  };
}

export default {
  paths: () => readdirSync(here).filter((file) => file.endsWith(".patch")).map(page),
};
