// From a trace of part6-uring to its rings, step by step. The trace has the requests that were
// filled in, and the last completion of each operation. The rest follows:
//
// - where the tails and heads are: they count entries from the ring's beginning, and each entry has
//   one completion;
// - when the kernel took entries: in the call between a request and the next completion, or between
//   two requests that are far apart, where the call has ended because a time had come;
// - which completions came in one batch: those that the loop took in one go.
//
// When exactly the kernel made a completion is not in the trace.

/** Two completions with more than so many µs between them were not taken in one go. */
const batchPause = 20;
/** Two requests with more than so many µs between them were not handed over in one call. */
const turnPause = 5000;

const errorNames = { 11: "EAGAIN", 32: "EPIPE", 62: "ETIME", 104: "ECONNRESET", 105: "ENOBUFS",
  125: "ECANCELED" };

const counted = (n, one) => (n === 1 ? `1 ${one}` : `${n} ${one}s`).replace(/ys$/, "ies");

export const resultText = (result) =>
  errorNames[-result] ? `${result} (${errorNames[-result]})` : `${result}`;

/** Requests and ends; one that asks to cancel is a request, too. */
function happeningsOf(events) {
  return events.filter(({ ph, args }) => ph !== "n" || args.asked)
    .map((event) => ({ event, cancels: event.ph === "n" }));
}

/** What one turn of the loop hands over, and what it gets. */
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

/** The first three sockets that bytes are received from, where nobody has said who they are. */
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

/** Of the two rings, where the trace does not say: as large as they have to be. */
function sizes(steps) {
  const held = Math.max(0, ...steps.map(({ sqHead, sqTail }) => sqTail - sqHead));
  const entries = Math.max(8, 2 ** Math.ceil(Math.log2(held)));
  return { entries, completions: 2 * entries };
}

/** What a file holds, if it is a trace: with what the recorder knows, or as the server wrote it. */
export function traceOf(text) {
  const read = JSON.parse(text);
  const trace = Array.isArray(read) ? { traceEvents: read } : read;
  const known = trace.traceEvents?.some?.(({ ph, cat }) => ph === "b" && cat === "operation");
  if (!known) throw new Error("has no operations in it");
  return trace;
}

/**
 * `trace` is Chrome's format as an object, with what the recorder knows in `otherData`. Returns the
 * steps, each with heads, tails and what is in flight, and the entries that these count.
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
