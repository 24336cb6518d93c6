/** A drawing in the colours of the page, which follow the reader's choice of light or dark. */
export function asOnThePage(svg, tokens) {
  const names = Object.entries(tokens).map(([name, { light }]) => [light, `var(--${name})`]);
  const known = new Map(names);
  return svg.replace(/(?<=(?:fill|stroke)(?:="|: ?))#[0-9a-f]+/g, (one) => known.get(one) ?? one);
}
