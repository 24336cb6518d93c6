// Guesses a server's language, so that nobody has to choose it.

/** Whether it is C or C++. */
export const isC = (text) => /^\s*#\s*include\b/m.test(text);

const isCpp = (text) => /^\s*#\s*include\s*<\w+>|\bstd::/m.test(text);

/** The name of the server's file. */
export const fileOf = (text) => (isCpp(text) ? "echo.cc" : isC(text) ? "echo.c" : "echo.py");
