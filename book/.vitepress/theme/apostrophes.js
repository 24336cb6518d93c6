/** As the site sets them everywhere; what is between backticks is code, and stays. */
export function withApostrophes(sentence) {
  return sentence.replace(/`[^`]*`|'/g, (found) => (found === "'" ? "’" : found));
}
