// Draws one diagram after the other: Mermaid has one place to try them out in.

let count = 0;
let last = Promise.resolve();

const narrowest = 560;

/** Shrinks to the page's width, but not until nobody can read it. */
function readable(svg) {
  return svg.replace(/max-width: ([\d.]+)px;/, (style, width) =>
    `${style} min-width: ${Math.min(Number(width), narrowest)}px;`);
}

/** Returns the SVG of a diagram. */
export function draw(code) {
  const drawing = last.then(async () => {
    const { default: mermaid } = await import("mermaid");
    mermaid.initialize({ startOnLoad: false, theme: "neutral" });
    count += 1;
    return readable((await mermaid.render(`diagram-${count}`, code)).svg);
  });
  last = drawing.catch(() => undefined);
  return drawing;
}
