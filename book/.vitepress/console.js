// The colours of a terminal: what was typed is shell, and what was printed is nothing else but text,
// which Shiki's own grammar for sessions takes for shell wherever it can.

export const consoleLanguage = {
  name: "console",
  scopeName: "text.console",
  embeddedLangs: ["shellscript"],
  patterns: [
    {
      match: "^([$>] )(.*)$",
      captures: {
        1: { name: "punctuation.separator.prompt" },
        2: { patterns: [{ include: "source.shell" }] },
      },
    },
  ],
};
