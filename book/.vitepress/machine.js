// The machine in the page, where ./read --machine was asked for: its pieces become files of the site.

import { execFileSync } from "node:child_process";
import { cpSync, createReadStream, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const pieces = join(here, "../../build/machine/pieces");

/** Whether this site has one. */
export const hasMachine = Boolean(process.env.BOOK_MACHINE);

export function copyMachine(outDir) {
  if (hasMachine) cpSync(pieces, join(outDir, "machine"), { recursive: true });
}

/** For the server that shows pages as they are written. */
export const serveMachine = {
  name: "serves-the-machine",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      const name = /\/machine\/([\w.]+)$/.exec(request.url)?.[1];
      if (!hasMachine || !name || !existsSync(join(pieces, name))) return next();
      createReadStream(join(pieces, name)).pipe(response);
    });
  },
};

const boxes = "virtual:machine-boxes";

/** What the buttons of the book's boxes type, as a module. */
export const machineBoxes = {
  name: "knows-the-boxes",
  resolveId: (id) => (id === boxes ? `\0${boxes}` : undefined),
  load(id) {
    if (id !== `\0${boxes}`) return undefined;
    return `export default ${execFileSync(join(here, "../tools/page_boxes.py"))}`;
  },
};
