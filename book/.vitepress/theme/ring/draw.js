// Draws one step of a recorded run as SVG, for the page, and for the figure without a script. Our
// process is above the kernel, and the two queues are on the boundary. Each index is on the side of
// its writer, because we move the tail of the submissions, and the kernel the head. A request goes
// down through the first queue, is in flight, and comes up through the second.

import { Pen } from "../ladder/draw.js";

const short = { async_cancel: "cancel" };
const strip = 42; // high
const place = { sq: 8, cq: 16 }; // the number of entries that have room

export const wide = {
  width: 760, height: 252, narrow: false,
  clients: [[12, 42], [260, 42], [508, 42]],
  sq: { x: 4, y: 92, place: 44 }, cq: { x: 372, y: 92, place: 24 },
  boundary: 113, flight: { x: 12, y: 186, line: 32 },
};
export const narrow = {
  width: 342, height: 372, narrow: true,
  clients: [[8, 36], [8, 58], [8, 80]],
  sq: { x: 11, y: 120, place: 40 }, cq: { x: 11, y: 222, place: 20 },
  boundary: 192, flight: { x: 8, y: 310, line: 30 },
};

/** The index of the completion that ends each entry. */
function ends(run) {
  run.ends ??= new Map(run.completed.map(({ name, number }, index) =>
    [`${number} ${name}`, index]));
  return run.ends;
}

/** The entries that are filled in and not gone yet, with their places at this step. */
export function entries(run, step) {
  return run.submitted.slice(0, step.sqTail).map(({ name, number }, index) => {
    const key = `${number} ${name}`;
    const operation = run.operations.get(number);
    const own = name !== "async_cancel";
    const end = ends(run).get(key);
    const entry = { key, name, number, index, own, operation };
    if (index >= step.sqHead) return { ...entry, at: "sq", index };
    if (end < step.cqHead) return { ...entry, at: "gone" };
    if (end < step.cqTail) return { ...entry, at: "cq", index: end };
    return { ...entry, at: own ? "flight" : "hidden" };
  }).filter(({ at }) => at !== "gone");
}

/** The request that a client's coroutine waits for. */
export function waitsFor(run, step, client) {
  const own = [...run.operations.values()].filter((one) => one.client === client);
  const begun = entries(run, step).filter((entry) =>
    entry.own && entry.operation.client === client);
  const now = begun.at(-1);
  if (!now) {
    const filled = run.submitted.slice(0, step.sqTail);
    const left = own.filter(({ number }) => !filled.some((entry) => entry.number === number));
    if (left.length === own.length) return "not connected";
    return left.length > 0 || step.number === own.at(-1).number ? "runs" : "has left";
  }
  if (now.at === "cq") return "can go on";
  const before = own.filter(({ number }) => number < now.number);
  const whats = now.name === "send"
    ? ["is answered", "waits for room"] : ["waits for bytes", "waits for its end"];
  const again = now.name === "send" ? before.at(-1)?.name === "send"
    : before.some(({ asked }) => asked);
  const what = whats[Number(again)];
  return isAsked(run, step, now.number) ? `${what}, asked to end` : what;
}

/** Whether the request to cancel has been filled in. */
function isAsked(run, step, number) {
  return run.submitted.slice(0, step.sqTail)
    .some((entry) => entry.name === "async_cancel" && entry.number === number);
}

/** Draws a box in a queue: its client, its number and, if there's room, its operation. */
function queued(form, paint, { at, number, name, operation }) {
  const pen = new Pen(paint, 11.5);
  const { place: width } = form[at];
  const hue = operation.client ? `client-${operation.client.toLowerCase()}` : "quiet";
  pen.drawn.push(`<rect x="1.5" y="1.5" width="${width - 3}" height="${strip - 3}" ` +
    `fill="${paint("paper")}" stroke="${paint(hue)}" stroke-width="1.5"/>`);
  const middle = 'text-anchor="middle"';
  if (at === "cq") {
    if (operation.client) pen.client(width / 2 - 8, 13, operation.client);
    pen.text(width / 2, operation.client ? 30 : 21, number, `${middle} letter-spacing="-0.4"`);
    return pen.drawn.join("");
  }
  if (operation.client) pen.client(4, 13, operation.client);
  pen.text(operation.client ? width - 11 : width / 2, 13, number, middle);
  pen.text(width / 2, 30, short[name] ?? name, `${middle} letter-spacing="-0.3"`);
  return pen.drawn.join("");
}

/** Draws a box in flight, and returns its width. */
function flying(form, paint, { number, operation }, asked) {
  const pen = new Pen(paint, form.narrow ? 12 : 13);
  const said = `${number} ${operation.name}`;
  const x = operation.client ? 27 : 7;
  const label = asked ? `${said}, to end` : said;
  const width = x + 7 + label.length * (form.narrow ? 6 : 6.6);
  pen.drawn.push(`<rect x="1" y="1" width="${width - 2}" height="24" fill="${paint("kernel")}" ` +
    `stroke="${paint(operation.client ? "ink" : "quiet")}" stroke-dasharray="4 3"/>`);
  if (operation.client) pen.client(6, 13, operation.client);
  pen[operation.client ? "text" : "quiet"](x, 13, label);
  return { svg: pen.drawn.join(""), width };
}

/** All boxes with their places, in the order of their requests. */
export function boxes(run, step, form, paint) {
  const found = entries(run, step);
  const flights = new Map();
  let [x, line] = [form.flight.x, 0];
  const inFlight = found.filter(({ at }) => at === "flight");
  const others = (one) => (one.operation.client ? 0 : 1);
  for (const one of inFlight.sort((a, b) => others(a) - others(b) || a.number - b.number)) {
    const box = flying(form, paint, one, isAsked(run, step, one.number));
    const breaks = x + box.width > form.width - 8;
    if (breaks) [x, line] = [form.flight.x, line + 1];
    flights.set(one.number, { ...box, x, y: form.flight.y + line * form.flight.line });
    x += box.width + 6;
  }
  return found.map((one) => {
    const { key, number, at } = one;
    if (at === "flight") return { key, number, at, ...flights.get(number) };
    if (at === "hidden") {
      const near = flights.get(number) ?? { x: form.flight.x, y: form.flight.y };
      return { key, number, at, x: near.x, y: near.y, svg: "" };
    }
    const { x: left, y, place: width } = form[at];
    const which = slot(run, step, at, one.index);
    return { key, number, at, x: left + which * width, y, svg: queued(form, paint, one) };
  }).filter(({ at, x: left }) => at === "hidden" || left < form.width);
}

const sizeOf = (run, at) => (at === "sq" ? run.about.entries : run.about.completions);

/** The place of an index in a strip, which shows a ring, or the part at the head of a larger ring. */
function slot(run, step, at, index) {
  return sizeOf(run, at) <= place[at] ? index % sizeOf(run, at) : index - step[`${at}Head`];
}

function queue(run, step, form, pen, at, title) {
  const { x, y, place: width } = form[at];
  const whole = sizeOf(run, at) <= place[at];
  const count = whole ? sizeOf(run, at) : place[at];
  for (let i = 0; i < count; ++i) {
    pen.drawn.push(`<rect x="${x + i * width}" y="${y}" width="${width}" height="${strip}" ` +
      `fill="${pen.paint("sheet")}" stroke="${pen.paint("quiet")}"/>`);
  }
  const [ours, theirs] = at === "sq" ? ["Tail", "Head"] : ["Head", "Tail"];
  const mark = (which, above) => {
    const index = step[`${at}${which}`];
    const there = Math.min(slot(run, step, at, index), count - 1);
    const middle = x + (there + 0.5) * width;
    const [from, to, text] = above ? [y - 9, y - 2, y - 16]
      : [y + strip + 9, y + strip + 2, y + strip + 17];
    const clamped = Math.min(Math.max(middle, x + 25), form.width - 28);
    const tip = above ? "m-3 -3 l3 3 l3 -3" : "m-3 3 l3 -3 l3 3";
    pen.drawn.push(`<path d="M${middle} ${from} V${to} ${tip}" fill="none" ` +
      `stroke="${pen.paint("ink")}" stroke-width="1.3"/>`);
    pen.text(clamped, text, `${which.toLowerCase()} ${index}`, 'text-anchor="middle"');
    return clamped;
  };
  const above = mark(ours, true);
  mark(theirs, false);
  const all = form.narrow ? count : `${count} places`;
  const many = whole ? all : `the first ${count} of ${sizeOf(run, at)}`;
  const said = `${title}, ${many}`;
  const right = above < x + (count * width) / 2;
  pen.quiet(right ? x + count * width : x, y - 16, said, right ? 'text-anchor="end"' : "", 12);
}

/** Draws all that doesn't move: grounds, places, indices, and each client's wait. */
export function scene(run, step, form, paint) {
  const pen = new Pen(paint, 13);
  pen.drawn.push(`<rect x="0" y="${form.boundary}" width="${form.width}" ` +
    `height="${form.height - form.boundary}" fill="${paint("kernel")}"/>` +
    `<path d="M0 ${form.boundary} H${form.width}" stroke="${paint("ink")}" stroke-width="1.5"/>`);
  pen.quiet(form.clients[0][0], 14, "our process: what each client’s coroutine does");
  const there = new Set([...run.operations.values()].map(({ client }) => client));
  [..."ABC"].filter((name) => there.has(name)).forEach((name, i) => {
    const [x, y] = form.clients[i];
    const said = waitsFor(run, step, name);
    const here = !["not connected", "has left"].includes(said);
    pen.client(x, y, name, here);
    pen[here ? "text" : "quiet"](x + 24, y, said);
  });
  queue(run, step, form, pen, "sq", "↓ submissions");
  queue(run, step, form, pen, "cq", "↑ completions");
  pen.quiet(form.flight.x, form.flight.y - 12, "kernel: in flight");
  const untimed = step.kind === "arrive" ? "the trace does not say when" : "";
  const says = step.kind === "enter" ? "io_uring_enter" : untimed;
  pen.text(form.width - 8, form.flight.y - 12, says, 'text-anchor="end"');
  return pen.drawn.join("");
}
