// Draws the rings of one step as SVG: for the page, and for the figure that stands where no script
// runs.

const middle = 180;
const outer = 128;
const inner = 66;
const short = { async_cancel: "cancel", link_timeout: "timeout" };

const round = (x) => Math.round(x * 10) / 10;
const point = (radius, angle) =>
  `${round(middle + radius * Math.sin(angle))} ${round(middle - radius * Math.cos(angle))}`;

function slot(from, to, fill) {
  return `<path d="M${point(inner, from)} L${point(outer, from)} A${outer} ${outer} 0 0 1 ` +
    `${point(outer, to)} L${point(inner, to)} A${inner} ${inner} 0 0 0 ${point(inner, from)} z" ` +
    `fill="${fill}"/>`;
}

function words(lines, x, y, attributes = "") {
  const first = y - (lines.length - 1) * 6.5 + 4;
  return lines.map((line, i) =>
    `<text x="${x}" y="${round(first + i * 13)}" ${attributes}>${line}</text>`).join("");
}

function mark(label, angle, offset = 0) {
  const [x, y] = point(outer + 20, angle).split(" ").map(Number);
  const anchor = Math.abs(x - middle) < 30 ? "middle" : x > middle ? "start" : "end";
  return `<path d="M${point(outer + 15, angle)} L${point(outer + 3, angle)}" stroke="#5a5e68" ` +
    `stroke-width="2" marker-end="url(#ring-mark)"/>` +
    `<text x="${x}" y="${round(y + 4 + offset)}" text-anchor="${anchor}" font-size="13">` +
    `${label}</text>`;
}

/** `places` in a circle; those from `head` up to `tail` hold something, and `label` says what. */
function ring({ places, head, tail, label, title, fill, letters }) {
  const angle = (index) => ((index % places) * 2 * Math.PI) / places;
  const shapes = [];
  const labels = [];
  for (let place = 0; place < places; ++place) {
    const held = head + ((place - (head % places) + places) % places);
    const holds = held < tail;
    shapes.push(slot(angle(place), angle(place) + (2 * Math.PI) / places, holds ? fill : "#e6e9ee"));
    if (!holds) continue;
    const [x, y] = point((inner + outer) / 2 + 8, angle(place) + Math.PI / places).split(" ");
    labels.push(words(label(held), x, Number(y)));
  }
  const below = angle(head) > Math.PI / 2 && angle(head) < 1.5 * Math.PI;
  const marks = head % places === tail % places
    ? mark(`head ${head}`, angle(head), below ? 0 : -14) +
      mark(`tail ${tail}`, angle(tail), below ? 14 : 0)
    : mark(`head ${head}`, angle(head)) + mark(`tail ${tail}`, angle(tail));
  return `<g stroke="#23252b" stroke-width="1.2">${shapes.join("")}</g>` +
    `<g text-anchor="middle" font-size="${letters}" fill="#23252b">${labels.join("")}` +
    `${words(title, middle, middle, 'font-size="13"')}</g><g fill="#23252b">${marks}</g>`;
}

export const size = 2 * middle;
const room = 32; // on either side, for "head 100" beside the circle
export const paper = `${-room} 0 ${size + 2 * room} ${size}`;
export const marker = '<defs><marker id="ring-mark" viewBox="0 0 8 8" refX="7" refY="4" ' +
  'markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#5a5e68"/>' +
  "</marker></defs>";

export function submissionRing(replay, step) {
  return ring({
    places: replay.about.entries, head: step.sqHead, tail: step.sqTail, fill: "#f7e6c8",
    letters: 11,
    title: ["submission", "ring"],
    label: (index) => {
      const { name, number } = replay.submitted[index];
      return [short[name] ?? name, String(number)];
    },
  });
}

export function completionRing(replay, step) {
  return ring({
    places: replay.about.completions, head: step.cqHead, tail: step.cqTail, fill: "#d9ead3",
    letters: 9.5,
    title: ["completion", "ring"],
    label: (index) => {
      const { name, number, result } = replay.completed[index];
      return [String(number), result === undefined ? short[name] : String(result)];
    },
  });
}

/** What is in flight, in words. */
export function inFlight(replay, step) {
  return step.flight.map((number) => {
    const { label, names, asked } = replay.operations.get(number);
    const linked = names.length > 1 ? `: ${names.join(" → ")}` : "";
    return { number, text: `${label}${linked}`, asked: asked && isAsked(replay, step, number) };
  });
}

/** Whether the kernel has the request to cancel already. */
function isAsked(replay, step, number) {
  return replay.submitted.slice(0, step.sqHead)
    .some((entry) => entry.name === "async_cancel" && entry.number === number);
}
