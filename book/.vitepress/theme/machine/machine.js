// The Linux in the page, with its three serial lines. Runs in browsers and, for the tests and for
// tools/machine, in Node.

const megabyte = 2 ** 20;
/** The hardware of a saved state. To restore a state you must ask for the same machine. */
const hardware = {
  // With less, the kernel lets the sockets of a slow reader have too little.
  memory_size: 256 * megabyte,
  vga_memory_size: megabyte,
  uart1: true,
  uart2: true,
  filesystem: {}, // through which texts and programs pass
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
};
const control = 2; // the line for requests of the page; readers don't type there
// OSC 133, which the machine's shell prints when a command begins, and when a command has ended
// with a status. After that comes the prompt. Keys before the prompt would be shown twice.
const mark = /\x1b\]133;(C|D;(\d+))\x07/g;
const askAgain = 300; // ms
const lookAgain = 50; // ms
const interruptAgain = 10_000; // ms
const beginning = 2000; // ms, for a server that doesn't print that it listens
const forgotten = () => new Error("the machine was reset");
const waits = /\$ $/;
const longestMark = 16; // characters

/** Parses a line of the judge. Returns nothing for a line that a stop cut off. */
function told(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** A terminal of the machine: the input and the output of a bash. */
export class Terminal {
  #emulator;
  #number;
  #decoder = new TextDecoder();
  #unread = "";
  #printed = "";
  #told = ""; // output of the last command
  #status; // of the last command, until there is a prompt
  #waiting = [];
  #listeners = new Set();
  #era = 0; // number of calls of forget()
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

  /** Calls the listener with all output. Returns a function that ends this. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(keys) {
    this.#emulator.serial_send_bytes(this.#number, new TextEncoder().encode(keys));
  }

  /** Resolves when the shell has a prompt, to the last command's output and status. */
  prompt() {
    return this.#wait(true);
  }

  /** Resolves when the next command has ended. A prompt that is already there doesn't count. */
  command() {
    return this.#wait(false);
  }

  #wait(begun) {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, begun }));
  }

  /**
   * Types a command of one or more lines, with a pace in milliseconds a key, or ^C. Waits for the
   * end of the command, or for a server until it prints `until`. Returns the output, and the status
   * of a command that ended. Throws if the terminal must forget().
   */
  async press({ text, until }, pace = 0) {
    const era = this.#era;
    if (text === "^C") {
      const ended = this.prompt();
      // On a slow computer, the first ^C may come too early for a program that is just starting.
      const again = setInterval(() => this.send("\x03"), interruptAgain);
      this.send("\x03");
      return ended.finally(() => clearInterval(again));
    }
    const ended = this.command();
    ended.catch(() => {}); // forget() may come while keys are sent
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

  /** The output since a command began. */
  get printed() {
    return (this.#printed + this.#unread).replaceAll("\r\n", "\n");
  }

  /** Drops all output and all waits, before a state is restored. */
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

/** The machine, booted from a kernel or restored from a saved state. */
export class Machine {
  #emulator;
  #saved;
  #answers;
  #pressed = []; // typed for boxes since the beginning
  /** Called with each message of the judge, if the machine has one: see tests/judge/agent.py. */
  heard = () => {};
  /**
   * Is called with a text's name, options and text. Returns what a compiler says of it, the bitcode,
   * and the tools to make a program of that.
   */
  compiler = async (name) => ({ said: `${name}: there is no compiler in this machine\n` });

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
      if (line.startsWith('{"compile"')) this.#compile(told(line));
      else if (line.startsWith("{")) this.heard(told(line));
      else this.#answers?.(line.trim());
      line = "";
    });
  }

  /** Compiles a text for tools/machine/inside/g++. */
  async #compile({ compile: file, first }) {
    const words = new TextDecoder().decode(await this.#emulator.read_file(`${file}.cc`));
    const [name, options, ...lines] = words.split("\n");
    const { said, bitcode, linker } =
      await this.compiler(name, options.split(" ").filter(Boolean), lines.join("\n"));
    if (bitcode) await this.#emulator.create_file(`${file}.bitcode`, bitcode);
    if (bitcode && first) await this.#emulator.create_file(`${file}.tar`, linker);
    await this.#emulator.create_file(`${file}.said`, new TextEncoder().encode(said));
  }

  /** Sends a request to the judge. */
  tell(request) {
    this.#send(JSON.stringify(request));
  }

  /** Resolves when the judge answers, after a state was restored. */
  judgeIsReady() {
    return new Promise((resolve) => {
      const asking = setInterval(() => this.tell({}), askAgain);
      this.heard = ({ levels }) => levels && (clearInterval(asking), resolve());
    });
  }

  #send(words) {
    this.#emulator.serial_send_bytes(control, new TextEncoder().encode(`${words}\n`));
  }

  /** Sends a request to the machine's first process: see tools/machine/inside/init. */
  ask(words) {
    const answer = new Promise((resolve) => (this.#answers = resolve));
    this.#send(words);
    return answer;
  }

  /**
   * Types a box into its terminals, after the commands that it needs, unless those were typed just
   * now. Returns the output of each command of the box. The paces are for the box and for the
   * commands before; `goesTo` is called with the number of the next terminal.
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

  /** Restores the saved state. */
  async restore() {
    for (const terminal of this.terminals) terminal.forget(); // so that nothing more is typed
    await this.#emulator.restore_state(this.#saved.slice(0));
    for (const terminal of this.terminals) terminal.forget(); // output from before
    this.#pressed = [];
    await this.ready();
  }

  /** Waits for a prompt after a state was restored, because the first keys may be lost. */
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
