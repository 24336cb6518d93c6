// The colours of a terminal: commands are shell, and output is plain text. Shiki's own grammar for
// sessions takes much of the output for shell.

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
