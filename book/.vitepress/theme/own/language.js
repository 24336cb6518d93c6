// Which language a server is written in: nobody has to say it.

export const isC = (text) => /^\s*#\s*include\b/m.test(text);
