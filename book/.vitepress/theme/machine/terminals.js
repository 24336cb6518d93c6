// The two terminals, with xterm.js. Like the machine, they stay from page to page.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

import { machine } from "./session.js";

const columnsMin = 100; // for strace and ss; without room for that, a reader scrolls
const panes = new Map();

function make(number) {
  const element = document.createElement("div");
  const screen = new Terminal({
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono-font"),
    fontSize: matchMedia("(min-width: 768px)").matches ? 13 : 11,
    scrollback: 5000,
    screenReaderMode: true,
  });
  const fitting = new FitAddon();
  screen.loadAddon(fitting);
  screen.attachCustomKeyEventHandler(ownKey.bind(undefined, screen));
  const line = machine.terminals[number];
  line.listen((bytes) => screen.write(bytes));
  screen.onData((keys) => line.send(keys));
  screen.onResize(({ cols, rows }) => machine.resize(number, cols, rows));
  screen.onCursorMove(() => keepCursorInSight(element, screen));
  element.addEventListener("touchstart", (event) => scrollByFinger(event, element, screen), { passive: true });
  return { element, screen, fitting };
}

/** Scrolls sideways to the cursor, and back to the prompt. */
function keepCursorInSight(element, screen) {
  const pane = element.parentElement;
  if (!pane || !element.offsetWidth) return;
  const cell = element.querySelector(".xterm-screen").offsetWidth / screen.cols;
  const x = cell * screen.buffer.active.cursorX;
  if (x < pane.scrollLeft || x + cell > pane.scrollLeft + pane.clientWidth) {
    pane.scrollLeft = x - pane.clientWidth / 2;
  }
}

/** Scrolls up and down by finger, since xterm.js does so only by mouse. The browser does sideways. */
function scrollByFinger({ touches: [{ clientY: from }] }, element, screen) {
  const line = element.querySelector(".xterm-screen").offsetHeight / screen.rows;
  const lifted = new AbortController();
  const { signal } = lifted;
  let scrolled = 0; // lines
  element.addEventListener("touchmove", ({ touches: [{ clientY }] }) => {
    const lines = Math.round((from - clientY) / line);
    screen.scrollLines(lines - scrolled);
    scrolled = lines;
  }, { passive: true, signal });
  for (const end of ["touchend", "touchcancel"]) {
    element.addEventListener(end, () => lifted.abort(), { signal });
  }
}

/** Whether xterm.js gets a key. Shift-Tab leaves the terminal, Ctrl-Shift-C copies a selection. */
function ownKey(screen, event) {
  if (event.key === "Tab" && event.shiftKey) return false;
  if (event.ctrlKey && event.shiftKey && event.code === "KeyC" && screen.hasSelection()) {
    event.preventDefault();
    if (event.type === "keydown") navigator.clipboard?.writeText(screen.getSelection());
    return false;
  }
  return true;
}

/** Makes both terminals, each with a prompt, once the machine runs. */
export async function makeAll() {
  for (const [number, line] of machine.terminals.entries()) {
    panes.set(number, make(number));
    const prompt = line.prompt();
    line.send("\r");
    await prompt;
    toTheTop(number);
  }
}

/** Scrolls so that the prompt is the first line. */
function toTheTop(number) {
  const { screen } = panes.get(number);
  screen.write("", () => screen.clear());
}

/** Shows a terminal here. */
export function attach(number, place) {
  const { element, screen } = panes.get(number);
  place.append(element);
  if (!element.hasChildNodes()) screen.open(element);
  fit(number);
}

export function fit(number) {
  const { element, screen, fitting } = panes.get(number) ?? {};
  if (!element?.offsetWidth) return;
  const { cols, rows } = fitting.proposeDimensions();
  screen.resize(Math.max(cols, columnsMin), rows);
}

/** Sets the page's colours, which are different in light and dark mode. */
export function colour() {
  const style = getComputedStyle(document.documentElement);
  const of = (token) => style.getPropertyValue(`--${token}`).trim();
  const theme = {
    background: of("code"), foreground: of("ink"), cursor: of("ink"),
    selectionBackground: of("rule"), red: of("wrong"), green: of("client-c"), blue: of("client-a"),
    magenta: of("here"), yellow: of("client-b"), cyan: of("client-a"), white: of("quiet"),
  };
  for (const { screen } of panes.values()) screen.options.theme = theme;
}

/** Clears a terminal after a reset, and tells the machine its size again. */
export async function clear(number) {
  const { screen } = panes.get(number);
  screen.reset();
  machine.resize(number, screen.cols, screen.rows);
  const prompt = machine.terminals[number].prompt();
  machine.terminals[number].send("\r");
  await prompt;
  toTheTop(number);
}
