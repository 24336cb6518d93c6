// Boots a machine in Node, waits for the prompt of both terminals and for the judge, if it has one,
// and writes its state.
//
// node boot.mjs KERNEL INITRAMFS STATE judge|none

import { writeFileSync } from "node:fs";

import { Machine } from "../../book/.vitepress/theme/machine/machine.js";
import { emulator, wasm } from "./v86.mjs";

const [kernel, initramfs, state, judge] = process.argv.slice(2);
const bios = "/usr/share/seabios";
const cmdline = "console=ttyS0 quiet tsc=reliable mitigations=off random.trust_cpu=on nowatchdog "
  + "transparent_hugepage=never init_on_free=1";
const machine = new Machine(emulator, {
  wasm_path: wasm,
  bios: { url: `${bios}/bios.bin` },
  vga_bios: { url: `${bios}/vgabios-stdvga.bin` },
  bzimage: { url: kernel },
  initrd: { url: initramfs },
  cmdline,
});
for (const terminal of machine.terminals) terminal.listen((bytes) => process.stderr.write(bytes));
const loaded = new Promise((resolve) => (machine.heard = resolve));
await Promise.all(machine.terminals.map((terminal) => terminal.prompt()));
if (judge === "judge") await loaded;
await machine.ask("forget");
writeFileSync(state, new Uint8Array(await machine.save()));
process.exit();
