// Compiles in a thread of its own, so that the machine and the page go on.

import { compile } from "./front-end.js";

// clang's files are compressed, since not every host does that; and not called .gz, since some hosts
// would announce that as an encoding.
const { fetch } = globalThis;
globalThis.fetch = async (url) => {
  const response = await fetch(`${url}.packed`);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Response(response.body.pipeThrough(new DecompressionStream("gzip")),
    { headers: { "content-type": "application/wasm" } });
};
let clang;

onmessage = async ({ data: { from, words }, ports: [answer] }) => {
  try {
    clang ??= import(/* @vite-ignore */ `${from}/bundle.js`);
    answer.postMessage(await compile((await clang).runLLVM, ...words));
  } catch (error) {
    clang = undefined;
    answer.postMessage({ wrong: error.message });
  }
};
