// Reconstructs the rings, step by step, from a trace of part6-uring. The trace has the requests
// that were filled in, and the last completion of each operation. The rest follows:
//
// - Tails and heads count entries from the ring's beginning, and each entry has one completion.
// - The kernel takes entries in the call between a request and the next completion, or between two
//   requests that are far apart, when a timeout ended the call.
// - Completions that the loop took together came in one batch.
//
// When exactly the kernel made a completion is not in the trace.

/** Two completions with more µs than this between them are from different batches. */
const batchPause = 20;
/** Two requests with more µs than this between them are from different calls. */
const turnPause = 5000;

const errorNames = { 11: "EAGAIN", 32: "EPIPE", 62: "ETIME", 104: "ECONNRESET", 105: "ENOBUFS",
  125: "ECANCELED" };

const counted = (n, one) => (n === 1 ? `1 ${one}` : `${n} ${one}s`).replace(/ys$/, "ies");

export const resultText = (result) =>
  errorNames[-result] ? `${result} (${errorNames[-result]})` : `${result}`;

/** Requests and ends. A request to cancel counts, too. */
function happeningsOf(events) {
  return events.filter(({ ph, args }) => ph !== "n" || args.asked)
    .map((event) => ({ event, cancels: event.ph === "n" }));
}

/** Divides them into turns of the loop, each with its requests and ends. */
function turnsOf(happenings) {
  const turns = [];
  let last;
  for (const happening of happenings) {
    const isEnd = happening.event.ph === "e";
    const pause = last ? happening.event.ts - last.event.ts : 0;
    const begins = last && (last.event.ph === "e" ? !isEnd || pause > batchPause
      : !isEnd && pause > turnPause);
    if (!last || begins) turns.push({ requests: [], ends: [] });
    (isEnd ? turns.at(-1).ends : turns.at(-1).requests).push(happening);
    last = happening;
  }
  return turns;
}

/** Names for the first three sockets that receive bytes, if the trace has no names. */
function guessed(events) {
  const talks = events.filter(({ name }) => ["recv", "send"].includes(name));
  const found = [...new Set(talks.map(({ args }) => args.fd))].filter((fd) => fd !== undefined);
  return Object.fromEntries(found.slice(0, 3).map((fd, i) => [fd, `client ${"ABC"[i]}`]));
}

class Replay {
  constructor({ traceEvents, otherData }) {
    this.about = otherData ?? { descriptors: guessed(traceEvents) };
    this.submitted = [];
    this.completed = [];
    this.operations = new Map();
    this.now = { sqHead: 0, sqTail: 0, cqHead: 0, cqTail: 0, flight: [] };
    this.steps = [];
  }

  client({ fd }) {
    return /^client (\w)$/.exec(this.about.descriptors[fd])?.[1];
  }

  who({ fd }) {
    if (fd === undefined) return "";
    return `, ${this.about.descriptors[fd] ?? `descriptor ${fd}`}`;
  }

  step(kind, when, ts, text, change) {
    const flight = [...(change.flight ?? this.now.flight)];
    this.now = { ...this.now, number: undefined, ...change, flight };
    this.steps.push({ ...this.now, kind, when, ts, text });
  }

  request({ event, cancels }) {
    const { id: number, name } = event;
    this.submitted.push({ name: cancels ? "async_cancel" : name, number });
    const tail = this.submitted.length;
    const moves = `The tail moves to ${tail}.`;
    if (cancels) {
      const target = this.operations.get(number);
      target.asked = true;
      return this.step("request", "at", event.ts,
        `Operation ${number}, ${target.label}, is to end: we fill in an async_cancel. ${moves}`,
        { sqTail: tail, number });
    }
    const label = `${name}${this.who(event.args)}`;
    this.operations.set(number,
      { number, name, label, client: this.client(event.args), asked: false });
    this.step("request", "at", event.ts, `We fill in operation ${number}, ${label}. ${moves}`,
      { sqTail: tail, number });
  }

  enter(after) {
    const taken = this.submitted.slice(this.now.sqHead, this.now.sqTail);
    if (taken.length === 0) return;
    const begun = taken.filter(({ name }) => name !== "async_cancel").map(({ number }) => number);
    const flight = [...new Set([...this.now.flight, ...begun])];
    this.step("enter", "after", after,
      `io_uring_enter: the kernel takes ${counted(taken.length, "entry")}, and its head moves to ` +
      `${this.now.sqTail}. In flight: ${counted(flight.length, "operation")}.`,
      { sqHead: this.now.sqTail, flight });
  }

  /** The completions of an operation, its own as the last. */
  completionsOf({ event }) {
    const number = event.id;
    const own = { name: event.name, number, result: event.args.result };
    return this.operations.get(number).asked ? [{ name: "async_cancel", number }, own] : [own];
  }

  arrive(ends) {
    const came = ends.flatMap((end) => this.completionsOf(end));
    this.completed.push(...came);
    this.step("arrive", "before", ends[0].event.ts,
      `The kernel makes ${counted(came.length, "completion")}, and its tail moves to ` +
      `${this.completed.length}. The call returns.`, { cqTail: this.completed.length });
  }

  take(end) {
    const { event } = end;
    const taken = this.completionsOf(end);
    const head = this.now.cqHead + taken.length;
    const others = taken.length > 1 ? " that of its async_cancel and" : "";
    this.step("take", "at", event.ts,
      `We take${others} the completion of operation ${event.id}, ` +
      `${this.operations.get(event.id).label}: ${resultText(event.args.result)}. ` +
      `The head moves to ${head}.`,
      { cqHead: head, number: event.id,
        flight: this.now.flight.filter((number) => number !== event.id) });
  }
}

/** The least sizes of the two rings, if the trace doesn't have them. */
function sizes(steps) {
  const held = Math.max(0, ...steps.map(({ sqHead, sqTail }) => sqTail - sqHead));
  const entries = Math.max(8, 2 ** Math.ceil(Math.log2(held)));
  return { entries, completions: 2 * entries };
}

/** Parses a trace, from the recorder or as the server wrote it. Throws if it has no operations. */
export function traceOf(text) {
  const read = JSON.parse(text);
  const trace = Array.isArray(read) ? { traceEvents: read } : read;
  const known = trace.traceEvents?.some?.(({ ph, cat }) => ph === "b" && cat === "operation");
  if (!known) throw new Error("has no operations in it");
  return trace;
}

/**
 * Takes a trace as an object in Chrome's format, with the recorder's data in `otherData`. Returns
 * the steps, each with heads, tails and requests in flight, and the entries that these count.
 */
export function replay(trace) {
  const made = new Replay(trace);
  let before = 0;
  for (const { requests, ends } of turnsOf(happeningsOf(trace.traceEvents))) {
    for (const one of requests) made.request(one);
    made.enter(requests.at(-1)?.event.ts ?? before);
    if (ends.length === 0) continue;
    made.arrive(ends);
    for (const one of ends) made.take(one);
    before = ends.at(-1).event.ts;
  }
  const { steps, submitted, completed, operations, about } = made;
  return { steps, submitted, completed, operations, about: { ...sizes(steps), ...about } };
}
