// What Markdown cannot say of a table, and the page can: where numbers stand, and which cells are
// several.

const longestNumber = 40; // characters
const number = /^[≥±−-]?\d/;
const between = " / ";

const said = (cell) => cell.inline.children.map(({ content }) => content).join("");

/** The rows of the tables in these tokens, of each the cells: where it opens, and what is in it. */
function tables(tokens) {
  const found = [];
  tokens.forEach((token, i) => {
    if (token.type === "table_open") found.push([]);
    if (token.type === "tr_open") found.at(-1).push([]);
    if (/^t[hd]_open$/.test(token.type)) {
      found.at(-1).at(-1).push({ open: token, inline: tokens[i + 1], close: tokens[i + 2] });
    }
  });
  return found;
}

/** The heads of a column of several, `p50 / p99, µs`: each with the unit, which is after the last. */
function headsOf(text) {
  const [, names, unit] = /^(.*?)(, [^,/]+)?$/.exec(text);
  return names.split(between).map((name) => name + (unit ?? ""));
}

/** Three percentiles in a cell become three cells, if all of a column are three. */
function partCells(state) {
  const extra = new Map(); // from the token behind which they go
  for (const [head, ...rows] of tables(state.tokens)) {
    head.forEach((cell, column) => {
      const names = headsOf(said(cell));
      const parts = rows.map((row) => said(row[column]).split(between));
      const isText = [cell, ...rows.map((row) => row[column])]
        .every(({ inline }) => inline.children.length === 1);
      const whole = isText && parts.every(({ length }) => length === names.length);
      if (names.length === 1 || !whole) return;
      [[cell, names], ...rows.map((row, i) => [row[column], parts[i]])].forEach(([one, texts]) =>
        extra.set(one.close, cells(state, one, texts)));
    });
  }
  state.tokens = state.tokens.flatMap((token) => [token, ...(extra.get(token) ?? [])]);
}

/** Leaves the first of the texts in a cell, and returns cells for the others. */
function cells(state, { open, inline, close }, [first, ...others]) {
  const [text] = inline.children;
  text.content = inline.content = first;
  inline.children = [text];
  return others.flatMap((other) => {
    const copy = Object.assign(new state.Token("inline", "", 0), inline, { content: other });
    copy.children = [Object.assign(new state.Token("text", "", 0), { content: other })];
    return [Object.assign(new state.Token(open.type, open.tag, 1), { attrs: null, map: open.map }),
      copy, Object.assign(new state.Token(close.type, close.tag, -1))];
  });
}

/** A chapter's number, which is a link, is a place and no number. */
function isNumber(cell) {
  return number.test(said(cell)) && cell.inline.children.every(({ type }) => type !== "link_open");
}

/** A column of numbers is set flush right; a sentence needs more room than a number. */
function mark({ tokens }) {
  for (const [head, ...rows] of tables(tokens)) {
    head.forEach((cell, column) => {
      const below = rows.map((row) => row[column]).filter(Boolean);
      const numbers = below.filter(isNumber).length;
      if (column > 0 && numbers * 2 > below.length) {
        [cell, ...below].forEach(({ open }) => open.attrJoin("class", "number"));
      }
      below.filter((one) => said(one).length > longestNumber)
        .forEach(({ open }) => open.attrJoin("class", "words"));
    });
  }
}

/** Where, when and how it was measured stands above a table, small. */
function sources({ tokens }) {
  tokens.forEach(({ content }, i) => {
    if (/^\*(from )?(M\d+\.\d+|\w+) — `\.\/measure /.test(content)) {
      tokens[i - 1].attrJoin("class", "measured");
    }
  });
}

export function tablesWithNumbers(md) {
  md.core.ruler.push("sources", sources);
  md.core.ruler.push("part-cells", partCells);
  md.core.ruler.push("numbers-and-words", mark);
}
