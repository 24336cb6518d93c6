// Draws one moment of the recorded ladder as SVG, a row for each server, for the page and for the
// figures without a script. A client is a hue, a shape and a letter. A thread is a bar, solid while
// it runs and hatched while it waits. The kernel has a different ground, and requests in flight
// have a dashed outline.

const colours = {
  sheet: "#fbfaf6", paper: "#ffffff", ink: "#23252b", quiet: "#5a5e68", rule: "#d9d6cc",
  kernel: "#e6e9ee", "client-a": "#0063a3", "client-b": "#a84500", "client-c": "#007355",
};
/** A colour as a literal, for files, or as a property that the page can set. */
export const literal = (name) => colours[name];
export const themed = (name) => `var(--${name}, ${colours[name]})`;

export const wide = { width: 760, height: 66 };
export const narrow = { width: 342, height: 84 };

const names = ["blocking", "threads", "non-blocking", "poll", "epoll", "io_uring"];
const chapters = ["02-blocking", "04-threads", "05-nonblocking", "06-poll", "07-epoll", "10-ring"];
export const nameOf = (stage) => names[stage];
export const chapterOf = (stage) => chapters[stage];
const chapterOfCall = {
  accept4: "02-blocking", recv: "02-blocking", send: "02-blocking", shutdown: "03-closing",
  close: "02-blocking", sigtimedwait: "03-closing", clone: "04-threads", poll: "06-poll",
  read: "06-poll", write: "06-poll", epoll_wait: "07-epoll", epoll_ctl: "07-epoll",
  io_uring_enter: "10-ring",
};

// Counts of the recording

const isCall = (call) => call.name !== undefined;
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/** Counts a moment's calls, the tries that found nothing, and the calls that waited. */
function counted({ calls }) {
  return {
    calls: calls.filter(isCall).length,
    vain: sum(calls.map(({ vain }) => vain ?? 0)),
    wakes: calls.filter(({ waited }) => waited).length,
  };
}

/** The counts of a moment, and the totals up to it. */
export function counts({ moments }, moment) {
  const all = moments.slice(0, moment + 1).map(counted);
  const total = (name) => sum(all.map((one) => one[name]));
  return {
    now: all.at(-1),
    soFar: { calls: total("calls"), vain: total("vain"), wakes: total("wakes") },
  };
}

const plural = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;

function countsInWords(counted) {
  const { calls, vain, wakes } = counted;
  return [
    calls || vain ? plural(calls, "call") : "no call",
    vain ? `${vain.toLocaleString("en")} in vain` : wakes ? plural(wakes, "wake-up") : "",
  ].filter(Boolean);
}

const stateWords = {
  none: ["not connected", "–"],
  "backlog idle": ["connected", "silent"],
  "backlog half": ["half a message", "half"],
  "backlog waits": ["waits", "waits"],
  idle: ["silent", "silent"],
  half: ["half a message", "half"],
  waits: ["waits", "waits"],
  answered: ["answered ✓", "✓"],
  left: ["has left", "left"],
};
const stateInWords = (state) => stateWords[state][0];

const bothSpeak = 5;

const list = (words) => (words ? words.split(", ") : []);

/** The requests in flight of clients and the listener. */
function inFlight(of) {
  return list(of)
    .map((operation) => operation.split(" "))
    .map((words) => [words.at(-2), words.at(-1)])
    .filter(([, who]) => who === "listener" || "ABC".includes(who))
    .sort(([, a], [, b]) => (a === "listener" ? 1 : b === "listener" ? -1 : a < b ? -1 : 1));
}

// Pieces

const middle = (y) => y + 4.5; // the baseline for letters of 13 pixels

export class Pen {
  constructor(paint, size) {
    this.paint = paint;
    this.size = size;
    this.letter = size * 0.605; // the width of a letter in a monospaced font
    this.drawn = [];
  }

  text(x, y, words, more = "") {
    this.drawn.push(`<text x="${x}" y="${middle(y)}" fill="${this.paint("ink")}" ` +
      `font-size="${this.size}" ${more}>${words}</text>`);
  }

  quiet(x, y, words, more = "", size = this.size - 1) {
    this.drawn.push(`<text x="${x}" y="${middle(y)}" fill="${this.paint("quiet")}" ` +
      `font-size="${size}" ${more}>${words}</text>`);
  }

  /** Draws code, and returns its right end. */
  code(x, y, words) {
    this.text(x, y, words, 'font-family="ui-monospace, monospace"');
    return x + words.length * this.letter;
  }

  /** Draws a client, and returns its right end. */
  client(x, y, name, there = true) {
    const hue = this.paint(`client-${name.toLowerCase()}`);
    const shape = {
      A: `<circle cx="${x + 8}" cy="${y}" r="8"`,
      B: `<rect x="${x + 0.5}" y="${y - 7.5}" width="15" height="15" rx="1.5"`,
      C: `<path d="M${x + 8} ${y - 9} L${x + 17.5} ${y + 7.5} L${x - 1.5} ${y + 7.5} z"`,
    }[name];
    const look = there ? `fill="${hue}"` : `fill="none" stroke="${hue}" stroke-dasharray="2 2"`;
    this.drawn.push(`${shape} ${look}/><text x="${x + 8}" y="${y + (name === "C" ? 5.5 : 3.8)}" ` +
      `text-anchor="middle" font-size="10.5" font-weight="bold" ` +
      `fill="${there ? this.paint("paper") : hue}">${name}</text>`);
    return x + 19;
  }

  /** Draws the listener or a client. */
  name(x, y, who) {
    return "ABC".includes(who) ? this.client(x, y, who) : this.code(x, y, who) + 5;
  }

  /** Draws bytes that the kernel holds. */
  bytes(x, y, name, words) {
    const width = words.length * 7 + 8;
    const hue = this.paint(`client-${name.toLowerCase()}`);
    this.drawn.push(`<rect x="${x}" y="${y - 8}" width="${width}" height="16" fill="${hue}"/>` +
      `<text x="${x + width / 2}" y="${y + 4}" text-anchor="middle" font-size="11.5" ` +
      `fill="${this.paint("paper")}">${words}</text>`);
    return x + width + 6;
  }

  bar(x, y, width, waits) {
    const height = 11;
    const top = y - height / 2;
    if (!waits) {
      this.drawn.push(`<rect x="${x}" y="${top}" width="${width}" height="${height}" ` +
        `fill="${this.paint("ink")}"/>`);
      return;
    }
    const strokes = [];
    const bottom = top + height;
    for (let at = 6 - height; at < width; at += 6) {
      const [from, to] = [Math.max(at, 0), Math.min(at + height, width)];
      strokes.push(`M${x + from} ${bottom - from + at} L${x + to} ${bottom - to + at}`);
    }
    this.drawn.push(`<rect x="${x}" y="${top}" width="${width}" height="${height}" ` +
      `fill="${this.paint("sheet")}" stroke="${this.paint("ink")}"/>` +
      `<path d="${strokes.join(" ")}" stroke="${this.paint("quiet")}"/>`);
  }

  kernel(x, y, width, height) {
    this.drawn.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" ` +
      `fill="${this.paint("kernel")}"/><path d="M${x} ${y} v${height}" ` +
      `stroke="${this.paint("ink")}" stroke-width="1.5"/>`);
  }

  stage(x, y, stage) {
    this.drawn.push(`<circle cx="${x}" cy="${y}" r="12" fill="none" ` +
      `stroke="${this.paint("ink")}" stroke-width="1.3"/><text x="${x}" y="${y + 5}" ` +
      `text-anchor="middle" font-size="14" font-weight="bold" fill="${this.paint("ink")}">` +
      `${stage + 1}</text>`);
  }
}

/** Draws the legend of bars and outlines. */
export function legend(y, paint) {
  const pen = new Pen(paint, 13);
  pen.bar(44, y, 40, true);
  pen.quiet(90, y, "a thread that sleeps");
  pen.bar(228, y, 40, false);
  pen.quiet(274, y, "one that runs");
  pen.drawn.push(`<rect x="406" y="${y - 9}" width="40" height="18" fill="none" ` +
    `stroke="${paint("ink")}" stroke-dasharray="4 3"/>`);
  pen.quiet(452, y, "asked for and not finished");
  return pen.drawn.join("");
}

/** Draws the call that a thread waits in, and the clients that it waits for. */
function waiting(pen, x, y, { in: call, of }) {
  let at = pen.code(x, y, call.replace("accept4", "accept")) + 5;
  if (call === "io_uring_enter" && pen.size === 13) pen.quiet(at + 4, y, "asked for:");
  if (call === "poll" || call === "recv") for (const who of list(of)) {
    if (who !== "eventfd") at = pen.name(at, y, who);
  }
}

/** The unread words of a client in the backlog, from the script of the recording. */
function unread(name, state, moment) {
  if (state === "backlog idle") return [];
  if (name === "C") return [state === "backlog half" ? "he" : "hello"];
  return moment < bothSpeak ? ["hi"] : ["hi", "two"];
}

/** The rest of the kernel's state, as a list of functions that each draw a line. */
function kept(pen, { moments }, moment, tight) {
  const { clients, threads } = moments[moment].after;
  const lines = [];
  const inBacklog = Object.keys(clients).filter((name) => clients[name].startsWith("backlog"));
  if (inBacklog.length > 0) lines.push((x, y) => {
    pen.quiet(x, y, "backlog");
    let at = x + 52;
    for (const name of inBacklog) {
      at = pen.client(at, y, name) + 2;
      for (const said of unread(name, clients[name], moment)) at = pen.bytes(at, y, name, said);
    }
  });
  const [{ in: call, of } = {}] = threads;
  if (call === "epoll_wait") lines.push((x, y) => {
    pen.quiet(x, y, "its list:");
    let at = x + 52;
    for (const who of list(of)) if (who !== "eventfd") at = pen.name(at, y, who);
  });
  if (call === "io_uring_enter") lines.push((x, y) => {
    let at = x;
    for (const [operation, who] of inFlight(of)) {
      const start = at;
      at = pen.code(at + 3, y, operation) + 3;
      at = who === "listener" ? at : pen.client(at, y, who);
      pen.drawn.push(`<rect x="${start}" y="${y - 11}" width="${at - start}" height="22" ` +
        `fill="none" stroke="${pen.paint("ink")}" stroke-dasharray="4 3"/>`);
      at += tight ? 3 : 5;
    }
  });
  return lines;
}

/** Draws the calls of part3, which polls everybody over and over. */
function asked(pen, x, y, calls) {
  let at = x;
  for (const who of list(calls.at(-1)?.who)) {
    at = pen.code(at, y, who === "listener" ? "accept" : "recv") + 4;
    if (who !== "listener") at = pen.client(at, y, who) + 2;
  }
}

const threadWords = (threads) => (threads.length === 0 ? "has ended" : "1 thread");

export function wideRow(stages, stage, moment, paint) {
  const pen = new Pen(paint, 13);
  const { calls, after: { clients, threads } } = stages[stage].moments[moment];
  const center = wide.height / 2;
  pen.stage(38, center - 9, stage);
  pen.quiet(38, center + 15, names[stage], 'text-anchor="middle"', 11);
  Object.entries(clients).forEach(([name, state], i) => {
    const y = center + (i - 1) * 20;
    const there = !["none", "left"].includes(state);
    const x = pen.client(88, y, name, there) + 3;
    const strong = ["answered", "backlog waits", "waits"].includes(state);
    if (strong) pen.text(x, y, stateInWords(state), 'font-weight="bold"');
    else pen.quiet(x, y, stateInWords(state));
  });

  pen.kernel(396, 0, 244, wide.height);
  const extra = kept(pen, stages[stage], moment, false);
  const runs = threads.length === 1 && !threads[0].in;
  if (threads.length > 1) threads.forEach((thread, i) => {
    const y = center + (i - (threads.length - 1) / 2) * 16;
    if (i === 0) pen.quiet(226, y, `${threads.length} threads`);
    pen.bar(290, y, 106, true);
    waiting(pen, 406, y, thread);
  });
  else {
    const y = extra.length > 0 || runs ? center - 12 : center;
    pen.quiet(226, y, threadWords(threads));
    if (threads.length === 1) pen.bar(290, y, 106, !runs);
    if (runs) {
      pen.quiet(406, y, "nothing waits here; it asks");
      asked(pen, 406, y + 24, calls);
    } else if (threads.length === 1) waiting(pen, 406, y, threads[0]);
    extra.forEach((draw, i) => draw(406, y + 24 * (i + 1)));
  }

  const { now, soFar } = counts(stages[stage], moment);
  const end = 'text-anchor="end"';
  const lines = countsInWords(now);
  lines.forEach((words, i) => {
    const y = center - 20 + i * 20 + (lines.length === 1 ? 10 : 0);
    if (i === 0) pen.text(wide.width - 4, y, words, `${end} font-weight="bold"`);
    else pen.text(wide.width - 4, y, words, end);
  });
  const total = (soFar.calls + soFar.vain).toLocaleString("en");
  pen.quiet(wide.width - 4, center + 20, `${total} so far`, end);
  return pen.drawn.join("");
}

export function narrowRow(stages, stage, moment, paint) {
  const pen = new Pen(paint, 12.5);
  const { calls, after: { clients, threads } } = stages[stage].moments[moment];
  pen.stage(14, 20, stage);
  Object.entries(clients).forEach(([name, state], i) => {
    const there = !["none", "left"].includes(state);
    const x = pen.client(36 + i * 76, 20, name, there) + 1;
    const strong = ["answered", "backlog waits", "waits"].includes(state);
    if (strong) pen.text(x, 20, stateWords[state][1], 'font-weight="bold"');
    else pen.quiet(x, 20, stateWords[state][1]);
  });
  const { now } = counts(stages[stage], moment);
  pen.text(narrow.width - 2, 20, countsInWords(now)[0], 'text-anchor="end" font-weight="bold"');

  pen.kernel(100, 34, narrow.width - 100, 48);
  const extra = kept(pen, stages[stage], moment, true);
  const runs = threads.length === 1 && !threads[0].in;
  const y = extra.length > 0 || runs || threads.length > 1 ? 46 : 58;
  const step = Math.min(12.6, 48 / Math.max(threads.length, 1));
  threads.forEach((_, i) =>
    pen.bar(36, threads.length === 1 ? y : 58 + (i - (threads.length - 1) / 2) * step, 64,
      !runs));
  if (threads.length === 0) pen.quiet(36, y, "has ended");
  if (runs) {
    const vain = countsInWords(now)[1];
    pen.quiet(108, y, `asks; ${vain}`);
    asked(pen, 108, 70, calls);
  } else if (threads.length > 1) {
    pen.code(108, 46, "accept");
    let at = pen.code(108, 70, "recv") + 5;
    for (const { of } of threads) if (of !== "listener") at = pen.client(at, 70, of);
  } else if (threads.length === 1) waiting(pen, 108, y, threads[0]);
  extra.forEach((draw, i) => draw(108, y + 24 * (i + 1)));
  return pen.drawn.join("");
}

/** A server's calls in a moment, and the requests to the ring, a line for each. */
export function callsInWords(stages, stage, moment) {
  const { calls } = stages[stage]?.moments[moment] ?? { calls: [] };
  const threads = new Set(calls.map(({ thread }) => thread).filter((one) => one >= 0)).size;
  return calls.map((call) => {
    const { name, who = "", about = "", result, waited, thread, vain } = call;
    if (vain) return { name: "EAGAIN", words: `${plural(vain, "time")}, asking ${who}` };
    if (!name) {
      const [kind] = Object.keys(call);
      const said = { asked: "is asked for", done: `is done: ${result}`, cancel: "is to end" }[kind];
      return { name: call[kind], words: said };
    }
    const of = thread === "signal" ? "in the thread that waits for it" : threads > 1
      ? `in thread ${Number(thread) + 1}` : "";
    const whom = [who, about].filter(Boolean).join(" ");
    const words = { poll: `finds ${who || "nothing"}`, epoll_wait: `finds ${who || "nothing"}`,
      io_uring_enter: `hands over ${about}`, epoll_ctl: `${about} ${who}` }[name] ?? whom;
    const isNew = name === "accept4" && result === 0; // recorded without the descriptor's number
    const came = name === "io_uring_enter" ? "" : ` → ${isNew ? "a descriptor" : result}`;
    const told = [words + came, of, waited ? "after a sleep" : ""];
    return { name, link: chapterOfCall[name], words: told.filter(Boolean).join(", ") };
  });
}

/** Describes a row in words, for readers who cannot see it. */
export function rowInWords(stages, stage, moment) {
  const { after: { clients, threads } } = stages[stage].moments[moment];
  const said = Object.entries(clients).map(([name, state]) =>
    `${name}: ${stateInWords(state).replace(" ✓", "")}` +
    `${state.startsWith("backlog") ? ", in the backlog" : ""}`).join("; ");
  const calls = threads.filter((one) => one.in).map(({ in: call, of }) =>
    `in ${call}${["io_uring_enter", "epoll_wait"].includes(call) ? "" :
      ` for ${of.replace("eventfd, ", "")}`}`);
  const sleeps = calls.length === 1 ? `The thread sleeps ${calls[0]}`
    : `${calls.length} threads sleep, ${calls.join(", ")}`;
  const awake = threads.length > 0 ? "The thread runs" : "The thread has ended";
  const does = calls.length > 0 ? sleeps : awake;
  const cost = countsInWords(counts(stages[stage], moment).now).join(", ");
  return `${stage + 1}, ${names[stage]}. ${said}. ${does}. ${cost}.`;
}
