// The machine of this visit: it goes on while the reader turns to another chapter, so it belongs to
// no page. Loaded only when somebody has asked for it.

import { withBase } from "vitepress";
import { reactive } from "vue";

const typing = 18; // ms a key: a reader's pace
const onTheWay = 2; // ms a key: what was to be typed before

/** What the pages show: phase is off, loading, running or failed. */
export const session = reactive({ phase: "off", loaded: 0, total: 0, wrong: "", typing: false, resets: 0 });
/** The terminals, once it runs. */
export let machine;
let starting;
let restored; // after the last reset

export const possible = () => typeof WebAssembly === "object";

/** Starts it, if that was not done. */
export function start() {
  starting ??= boot().catch((error) => {
    starting = undefined;
    session.phase = "failed";
    session.wrong = error.message;
    throw error;
  });
  return starting;
}

async function boot() {
  session.phase = "loading";
  session.loaded = 0;
  const [state, { V86 }, { Machine }, { default: wasm }] = await Promise.all([
    load(), import("v86"), import("./machine.js"), import("v86/build/v86.wasm?url"),
  ]);
  machine = new Machine(V86, { wasm_path: wasm, initial_state: { buffer: state } });
  await machine.ready();
  const { makeAll } = await import("./terminals.js");
  await makeAll();
  session.phase = "running";
}

/**
 * The state, from its pieces: their names say what is in them, so that a browser may keep them. Which
 * pieces it has, the browser asks each time.
 */
async function load() {
  const { bytes, pieces } = await (await get("manifest.json", { cache: "no-cache" })).json();
  session.total = bytes;
  const state = new Uint8Array(bytes);
  await Promise.all(pieces.map(async ({ name, at }) => {
    let end = at;
    const reader = (await get(name, { cache: "force-cache" })).body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      state.set(read.value, end);
      end += read.value.length;
      session.loaded += read.value.length;
    }
  }));
  return state.buffer;
}

async function get(name, options) {
  const response = await fetch(withBase(`/machine/${name}`), options);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

/** Everything as it was at the beginning. What was being typed is not typed to its end. */
export async function reset() {
  restored = machine.restore();
  await restored;
  session.resets += 1;
}

/** Types a box, after what it needs, and says which terminal it is going to type into. */
export async function play(box, goesTo) {
  if (session.typing) return;
  session.typing = true;
  await restored;
  try {
    await machine.play(box, { typing, onTheWay, goesTo });
  } catch {
    // It was reset meanwhile.
  } finally {
    session.typing = false;
  }
}
