// What Markdown cannot say of a table, and the page can: where numbers stand.

const longestNumber = 40; // characters
const number = /^[≥±−-]?\d/;

const said = (cell) => cell.inline.children.map(({ content }) => content).join("");

/** The rows of the tables in these tokens, of each the cells: where it opens, and what is in it. */
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
  md.core.ruler.push("numbers-and-words", mark);
}
