// Guesses a server's language, so that nobody has to choose it.

export const isC = (text) => /^\s*#\s*include\b/m.test(text);
