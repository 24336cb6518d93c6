// The page's clang in Node, for tests. As a program it writes the bitcode of each text to a directory,
// and prints what clang says: node clang.mjs DIRECTORY FILE…

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";

import { compile } from "../../book/.vitepress/theme/machine/front-end.js";

const made = new URL("../../build/machine/", import.meta.url);
const { runLLVM } = await import(new URL("clang/bundle.js", made));

/** The compiler for a machine: see machine.js. */
export async function compiler(...words) {
  const linker = gunzipSync(readFileSync(new URL("pieces/compiler/linker.tar.packed", made)));
  return { ...await compile(runLLVM, ...words), linker: new Uint8Array(linker) };
}

const [directory, ...files] = import.meta.filename === process.argv[1] ? process.argv.slice(2) : [];
for (const file of files) {
  const { said, bitcode } = await compile(runLLVM, basename(file), [], readFileSync(file, "utf8"));
  process.stdout.write(said);
  if (bitcode) writeFileSync(`${directory}/${basename(file)}.bitcode`, bitcode);
}
