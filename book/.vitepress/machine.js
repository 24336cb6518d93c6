// For ./read --machine, the pieces of the machines in pages become files of the site.

import { execFileSync } from "node:child_process";
import { cpSync, createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const pieces = join(here, "../../build/machine/pieces");

/** Whether this site has machines. */
export const hasMachine = Boolean(process.env.BOOK_MACHINE);

export function copyMachine(outDir) {
  if (!hasMachine) return;
  const isOne = (file) => !file.endsWith(".of"); // of what it was made, which only make asks
  cpSync(pieces, join(outDir, "machine"), { recursive: true, filter: isOne });
}

/** For the server that shows pages as they are written. */
export const serveMachine = {
  name: "serves-the-machine",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      const name = /\/machine\/([\w./]+)$/.exec(request.url)?.[1];
      if (!hasMachine || !name || !existsSync(join(pieces, name))) return next();
      if (name.endsWith(".js")) response.setHeader("Content-Type", "text/javascript");
      createReadStream(join(pieces, name)).pipe(response);
    });
  },
};

const made = (tool) => execFileSync(join(here, "../tools", tool));
const sizeOfOwn = () =>
  hasMachine && JSON.parse(readFileSync(join(pieces, "own/manifest.json"))).bytes;
const sizeOfCompiler = () => hasMachine && readdirSync(join(pieces, "compiler"))
  .reduce((sum, name) => sum + statSync(join(pieces, "compiler", name)).size, 0);
const modules = {
  "virtual:machine-boxes": () => `export default ${made("page_boxes.py")};
    export const megabytes = ${Math.round(sizeOfCompiler() / 1e6)};`,
  "virtual:own-server": () => `export const { levels, servers } = ${made("own_server.py")};
    export const megabytes = ${Math.round(sizeOfOwn() / 1e6)};`,
};

/** Modules with the commands for the buttons, and with the data of the page for own servers. */
export const machineModules = {
  name: "knows-the-machines",
  resolveId: (id) => (modules[id] ? `\0${id}` : undefined),
  load: (id) => modules[id.slice(1)]?.(),
};
