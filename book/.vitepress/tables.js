// Sets columns of numbers, which Markdown cannot mark in a table.

const longestNumber = 40; // characters
const number = /^[≥±−-]?\d/;

const said = (cell) => cell.inline.children.map(({ content }) => content).join("");

/** The tables in these tokens, as rows of cells, each with its opening token and its content. */
function tables(tokens) {
  const found = [];
  tokens.forEach((token, i) => {
    if (token.type === "table_open") found.push([]);
    if (token.type === "tr_open") found.at(-1).push([]);
    if (/^t[hd]_open$/.test(token.type)) {
      found.at(-1).at(-1).push({ open: token, inline: tokens[i + 1] });
    }
  });
  return found;
}

/** Whether a cell is a number. A link is a chapter's number, and doesn't count. */
function isNumber(cell) {
  return number.test(said(cell)) && cell.inline.children.every(({ type }) => type !== "link_open");
}

/** Sets a column of numbers flush right, and leaves more room for sentences. */
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

/** Sets the line above a table that says where, when and how we measured in small type. */
function sources({ tokens }) {
  tokens.forEach(({ content }, i) => {
    if (/^\*(from )?(M\d+\.\d+|\w+) — `\.\/measure /.test(content)) {
      tokens[i - 1].attrJoin("class", "measured");
    }
  });
}

export function tablesWithNumbers(md) {
  md.core.ruler.push("sources", sources);
  md.core.ruler.push("numbers-and-words", mark);
}
