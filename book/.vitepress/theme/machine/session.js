// The machine of this visit. It goes on while the reader turns to a different chapter, so it
// belongs to no page. It's loaded only on request. There are two, "boxes" and "own", of which one
// runs.

import { withBase } from "vitepress";
import { reactive } from "vue";

const typing = 18; // ms a key: a reader's pace
const onTheWay = 2; // ms a key, for the commands before a box
const maxPages = 1; // for v86's setting MAX_PAGES, by default 3

/** The state that pages show. The phase is off, loading, running or failed. */
export const session = reactive({
  which: "boxes", phase: "off", loaded: 0, total: 0, wrong: "", typing: false, resets: 0,
  compiler: "off", // wanted, loading, ready or failed
});
/** The machine, once it runs. */
export let machine;
let starting;
let restored; // after the last reset

/** Whether there is WebAssembly, and enough memory for the machine. */
export function possible() {
  try {
    return Boolean(new WebAssembly.Memory({ initial: 5000 })); // pages of 64 KiB
  } catch {
    return false;
  }
}

/** Starts this machine unless it was started, and ends the other one. */
export function start(which) {
  if (session.which !== which) {
    session.which = which;
    starting = undefined;
    machine?.end();
  }
  starting ??= boot(which).catch((error) => {
    if (session.which !== which) throw error;
    starting = undefined;
    session.phase = "failed";
    session.wrong = error.message;
    throw error;
  });
  return starting;
}

async function boot(which) {
  session.phase = "loading";
  session.loaded = 0;
  const [state, { V86 }, { Machine }, { default: wasm }] = await Promise.all([
    load(which), import("v86"), import("./machine.js"), import("v86/build/v86.wasm?url"),
  ]);
  if (session.which !== which) throw new Error("another one was started");
  machine = new Machine(V86, {
    wasm_fn: (imports) => emulator(wasm, imports),
    initial_state: { buffer: state.buffer },
  });
  machine.compiler = compile;
  await machine.ready();
  if (which === "own") await machine.judgeIsReady();
  const { makeAll } = await import("./terminals.js");
  await makeAll();
  session.phase = "running";
}

/**
 * The emulator, which turns the machine's code into WebAssembly one page at a time, not three. A
 * browser compiles hot code a second time, in threads of its own. With three pages, these took
 * three quarters of two cores (Chromium 156), and a level took almost twice as long.
 */
async function emulator(wasm, imports) {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(wasm), imports);
  instance.exports.set_jit_config(maxPages, 1);
  return instance.exports;
}

/**
 * The state, put together from its pieces. A browser may keep the pieces, because their names are
 * hashes of their contents, but asks for the list of pieces each time.
 */
async function load(which) {
  const manifest = await get(`${which}/manifest.json`, { cache: "no-cache" });
  const { bytes, pieces } = await manifest.json();
  session.total = bytes;
  const state = new Uint8Array(bytes);
  await Promise.all(pieces.map(async ({ name, at }) => {
    let end = at;
    const reader = (await get(`${which}/${name}`, { cache: "force-cache" })).body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      state.set(read.value, end);
      end += read.value.length;
      session.loaded += read.value.length;
    }
  }));
  return state;
}

async function get(name, options) {
  const response = await fetch(withBase(`/machine/${name}`), options);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

let agreed;
const clang = new Promise((resolve) => (agreed = resolve)); // asks the compiler's thread
let linker;

/** Loads the compiler: clang, for a thread of this page, and a linker for the machine. */
export async function startCompiler() {
  session.compiler = "loading";
  try {
    const from = new URL(withBase("/machine/compiler"), location.href).href;
    const worker = new Worker(new URL("./compiler-worker.js", import.meta.url), { type: "module" });
    const ask = (...words) => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve({ wrong: message });
      worker.postMessage({ from, words }, [port2]);
    });
    const packed = get("compiler/linker.tar.packed", {}).then(({ body }) =>
      new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
    const [{ wrong }, unpacked] = await Promise.all([ask("first.cc", [], "int main() {}\n"), packed]);
    if (wrong) throw new Error(wrong);
    linker = new Uint8Array(unpacked);
    session.compiler = "ready";
    agreed(ask);
  } catch (error) {
    session.compiler = "failed";
    session.wrong = error.message;
  }
}

/** Compiles a text for the machine, as soon as the reader has had the compiler loaded. */
async function compile(name, options, text) {
  if (session.compiler === "off") session.compiler = "wanted";
  const { said, bitcode, wrong } = await (await clang)(name, options, text);
  return wrong ? { said: `${name}: the page cannot compile it: ${wrong}\n` } : { said, bitcode, linker };
}

/** Restores the beginning. A box that is being typed is broken off. */
export async function reset() {
  restored = machine.restore();
  await restored;
  session.resets += 1;
}

/** Types a box, after the commands that it needs, and calls `goesTo` with each terminal. */
export async function play(box, goesTo) {
  if (session.typing) return;
  session.typing = true;
  await restored;
  try {
    await machine.play(box, { typing, onTheWay, goesTo });
  } catch {
    // The machine was reset meanwhile.
  } finally {
    session.typing = false;
  }
}
