/** Sets apostrophes as everywhere on the site, but not in code between backticks. */
export function withApostrophes(sentence) {
  return sentence.replace(/`[^`]*`|'/g, (found) => (found === "'" ? "’" : found));
}
