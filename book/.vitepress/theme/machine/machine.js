// The Linux in the page: what it is made of, and its three serial lines. Runs in browsers and, for
// the tests and for tools/machine, in Node.

const megabyte = 2 ** 20;
/** What a saved state belongs to: whoever restores it must ask for the same machine. */
const hardware = {
  memory_size: 192 * megabyte,
  vga_memory_size: megabyte,
  uart1: true,
  uart2: true,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
};
const control = 2; // the line on which the page asks, and no reader types
// OSC 133, which the shell of the machine prints: a command begins, and has ended with a status. The
// prompt comes after that; keys that come before it are shown twice.
const mark = /\x1b\]133;(C|D;(\d+))\x07/g;
const askAgain = 300; // ms
const lookAgain = 50; // ms
const interruptAgain = 10_000; // ms
const beginning = 2000; // ms, for a server that does not say when it listens
const forgotten = () => new Error("the machine was reset");
const waits = /\$ $/;
const longestMark = 16; // characters

/** What a line of the judge's says: nothing, if a stop has broken it off. */
function told(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** A terminal of the machine: what a bash there is sent, and what it prints. */
export class Terminal {
  #emulator;
  #number;
  #decoder = new TextDecoder();
  #unread = "";
  #printed = "";
  #told = ""; // what the last command has printed,
  #status; // and how it has ended, until there is a prompt
  #waiting = [];
  #listeners = new Set();
  #era = 0; // how often all was forgotten
  busy = true;

  constructor(emulator, number) {
    this.#emulator = emulator;
    this.#number = number;
    let bytes = [];
    emulator.add_listener(`serial${number}-output-byte`, (byte) => {
      if (bytes.length === 0) setTimeout(() => (this.#take(new Uint8Array(bytes)), (bytes = [])));
      bytes.push(byte);
    });
  }

  /** Calls this with all bytes that come; the function that is returned ends that. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(keys) {
    this.#emulator.serial_send_bytes(this.#number, new TextEncoder().encode(keys));
  }

  /** When the shell waits for the next command: what the last one printed, and its status. */
  prompt() {
    return this.#wait(true);
  }

  /** When the next command has ended; a prompt that was asked for before does not count. */
  command() {
    return this.#wait(false);
  }

  #wait(begun) {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, begun }));
  }

  /**
   * Types a command of one line or several, a key each so many milliseconds, or ^C. Returns what it
   * has printed, and its status when it has ended; a server that stays is waited for until it has
   * printed what `until` says. Throws when the terminal is told to forget it all.
   */
  async press({ text, until }, pace = 0) {
    const era = this.#era;
    if (text === "^C") {
      const ended = this.prompt();
      // A program that is only beginning, on a slow computer, may not be ended by the first.
      const again = setInterval(() => this.send("\x03"), interruptAgain);
      this.send("\x03");
      return ended.finally(() => clearInterval(again));
    }
    const ended = this.command();
    ended.catch(() => {}); // it may be forgotten while keys are sent
    for (const key of pace ? text : [text]) {
      this.send(key.replaceAll("\n", "\r"));
      if (pace) await this.#pause(pace, era);
    }
    this.send("\r");
    return until ? Promise.race([ended, this.#shows(new RegExp(until), era)]) : ended;
  }

  async #shows(pattern, era) {
    while (!this.busy || !pattern.test(this.printed)) await this.#pause(lookAgain, era);
    const listens = performance.now() + (this.printed ? 0 : beginning);
    while (performance.now() < listens) await this.#pause(lookAgain, era);
    return { printed: this.printed };
  }

  async #pause(ms, era) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (era !== this.#era) throw forgotten();
  }

  /** What was printed since a command began. */
  get printed() {
    return (this.#printed + this.#unread).replaceAll("\r\n", "\n");
  }

  /** What was printed and waited for before the state is restored is none of its business. */
  forget() {
    this.#era += 1;
    this.#unread = this.#printed = "";
    this.#status = undefined;
    for (const { reject } of this.#waiting) reject(forgotten());
    this.#waiting = [];
  }

  #take(bytes) {
    for (const listener of this.#listeners) listener(bytes);
    this.#unread += this.#decoder.decode(bytes, { stream: true });
    let end = 0;
    for (const found of this.#unread.matchAll(mark)) {
      this.#printed += this.#unread.slice(end, found.index);
      end = found.index + found[0].length;
      if (found[1] === "C") this.#begins();
      else this.#ended(Number(found[2]));
    }
    this.#unread = this.#unread.slice(end);
    const safe = Math.max(0, this.#unread.length - longestMark); // half a mark may be at the end
    this.#printed += this.#unread.slice(0, safe);
    this.#unread = this.#unread.slice(safe);
    if (this.#status !== undefined && waits.test(this.printed)) this.#answer();
  }

  #begins() {
    if (this.#status !== undefined) this.#answer(); // keys came before the prompt
    this.busy = true;
    this.#printed = "";
    for (const one of this.#waiting) one.begun = true;
  }

  #ended(status) {
    this.#status = status;
    this.#told = this.#printed.replaceAll("\r\n", "\n");
    this.#printed = "";
  }

  #answer() {
    const answer = { printed: this.#told, status: this.#status };
    this.#status = undefined;
    this.busy = false;
    const ready = this.#waiting.filter(({ begun }) => begun);
    this.#waiting = this.#waiting.filter(({ begun }) => !begun);
    for (const { resolve } of ready) resolve(answer);
  }
}

/** The machine: booted from a kernel, or as its state was saved. */
export class Machine {
  #emulator;
  #saved;
  #answers;
  #pressed = []; // what was typed for boxes, since the beginning
  /** Is called with all that the judge says, if the machine has one: see tests/judge/agent.py. */
  heard = () => {};

  constructor(V86, options) {
    this.#saved = options.initial_state?.buffer;
    this.#emulator = new V86({ ...hardware, autostart: true, ...options });
    this.terminals = [new Terminal(this.#emulator, 0), new Terminal(this.#emulator, 1)];
    this.started = new Promise((resolve) =>
      this.#emulator.add_listener("emulator-started", resolve));
    let line = "";
    this.#emulator.add_listener(`serial${control}-output-byte`, (byte) => {
      line += String.fromCharCode(byte);
      if (!line.endsWith("\n")) return;
      if (line.startsWith("{")) this.heard(told(line));
      else this.#answers?.(line.trim());
      line = "";
    });
  }

  /** Asks the judge. */
  tell(request) {
    this.#send(JSON.stringify(request));
  }

  /** When the judge answers, after a state was restored. */
  judgeIsReady() {
    return new Promise((resolve) => {
      const asking = setInterval(() => this.tell({}), askAgain);
      this.heard = ({ levels }) => levels && (clearInterval(asking), resolve());
    });
  }

  #send(words) {
    this.#emulator.serial_send_bytes(control, new TextEncoder().encode(`${words}\n`));
  }

  /** What the first process of the machine does besides: see tools/machine/inside/init. */
  ask(words) {
    const answer = new Promise((resolve) => (this.#answers = resolve));
    this.#send(words);
    return answer;
  }

  /**
   * Types a box into its terminals, and before it what it needs and was not typed just now. Returns
   * what each command of the box has printed. The keys come at these paces; `goesTo` is told which
   * terminal is next.
   */
  async play({ first, presses }, { typing = 0, onTheWay = 0, goesTo = () => {} } = {}) {
    const there = first.every(({ text }, i) => text === this.#pressed.at(i - first.length));
    for (const press of there ? [] : first) await this.#press(press, onTheWay, goesTo);
    const printed = [];
    for (const press of presses) printed.push(await this.#press(press, typing, goesTo));
    return printed;
  }

  async #press(press, pace, goesTo) {
    const terminal = this.terminals[press.terminal];
    goesTo(press.terminal);
    if (terminal.busy && press.text !== "^C") await terminal.press({ text: "^C" });
    const printed = await terminal.press(press, pace);
    this.#pressed.push(press.text);
    return printed;
  }

  resize(terminal, columns, rows) {
    this.ask(`size ${terminal} ${columns} ${rows}`);
  }

  save() {
    return this.#emulator.save_state();
  }

  /** Everything as it was when the state was saved. */
  async restore() {
    for (const terminal of this.terminals) terminal.forget(); // so that nothing more is typed,
    await this.#emulator.restore_state(this.#saved.slice(0));
    for (const terminal of this.terminals) terminal.forget(); // and nothing left of what was there
    this.#pressed = [];
    await this.ready();
  }

  /** After a state was restored: keys of the first moment may be lost, so until there is a prompt. */
  async ready() {
    await this.started;
    for (const terminal of this.terminals) {
      const prompt = terminal.prompt();
      const asking = setInterval(() => terminal.send("\r"), askAgain);
      await prompt;
      clearInterval(asking);
    }
  }

  end() {
    return this.#emulator.destroy();
  }
}
