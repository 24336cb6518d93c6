// Types into the machine, for tests: reads requests, a line of JSON each, and answers each with one.
//
// node type.mjs STATE [compiler]    with the page's compiler for texts that are not in the book
//
//   {"seconds": 9, "first": [], "presses": []}    types a box, like a button of the page:
//                                                 [{"printed": "…", "status": 0}], for each press
//   {"seconds": 9}                                the state again, as it was saved: []
//
// After that many seconds of the machine's clock the answer is {"stuck": the terminals' text}.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Machine } from "../../book/.vitepress/theme/machine/machine.js";
import { emulator, wasm } from "./v86.mjs";

const state = readFileSync(process.argv[2]);
const machine = new Machine(emulator, {
  wasm_path: wasm,
  initial_state: { buffer: state.buffer.slice(state.byteOffset, state.byteOffset + state.length) },
});

async function restore() {
  await machine.restore();
  return [];
}

if (process.argv[3]) ({ compiler: machine.compiler } = await import("./clang.mjs"));
await machine.ready();
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const deadline = performance.now() + 1000 * request.seconds;
  let looking;
  const late = new Promise((resolve) => {
    const say = () => resolve({ stuck: machine.terminals.map(({ printed }) => printed).join("") });
    looking = setInterval(() => performance.now() > deadline && say(), 500);
  });
  const answer = await Promise.race([request.presses ? machine.play(request) : restore(), late]);
  clearInterval(looking);
  console.log(JSON.stringify(answer));
}
process.exit();
