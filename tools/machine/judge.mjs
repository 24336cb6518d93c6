// Has servers judged in the machine that judges, for tests: reads requests to tests/judge/agent.py, a
// line of JSON each, and answers each with a line: all output, with the seconds of the machine's
// clock since the request.
//
// node judge.mjs STATE

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Machine } from "../../book/.vitepress/theme/machine/machine.js";
import { emulator, wasm } from "./v86.mjs";

const state = readFileSync(process.argv[2]);
const machine = new Machine(emulator, {
  wasm_path: wasm,
  initial_state: { buffer: state.buffer.slice(state.byteOffset, state.byteOffset + state.length) },
});
await machine.judgeIsReady();
for await (const line of createInterface({ input: process.stdin })) {
  const began = performance.now();
  const said = [];
  const ended = new Promise((resolve) => (machine.heard = (entry) => {
    said.push({ after: (performance.now() - began) / 1000, ...entry });
    if (entry.end) resolve();
  }));
  machine.tell(JSON.parse(line));
  await ended;
  console.log(JSON.stringify(said));
}
process.exit();
