// Prints the steps that the ring view makes of a trace, as JSON: node replay.mjs FILE

import { readFileSync } from "node:fs";

import { replay } from "../../book/.vitepress/theme/ring/replay.js";

const { steps } = replay(JSON.parse(readFileSync(process.argv[2], "utf8")));
console.log(JSON.stringify(steps));
