// The emulator, as npm has installed it for the site.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const main = createRequire(new URL("../../book/package.json", import.meta.url)).resolve("v86");
export const wasm = join(dirname(main), "v86.wasm");
export const { V86: emulator } = await import(main);
