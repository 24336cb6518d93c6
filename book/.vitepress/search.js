// The order of the search's results. The browser gets these functions as text, so each must be
// complete in itself.

export const searchOptions = {
  // The button's visible words are its name. A separate name would have to repeat the key.
  translations: { button: { buttonAriaLabel: "" } },
  detailedView: true, // with the lines around the word: headings alone don't tell hits apart
  miniSearch: {
    options: {
      // TIME_WAIT is one word, also as TIME-WAIT, and its parts are words, too.
      tokenize: (text) => text.replace(/\b([A-Z]+)-([A-Z]+)\b/g, "$1_$2")
        .split(/(?:(?!_)[\n\r\p{Z}\p{P}])+/u)
        .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]))
        .filter((word) => word !== ""),
    },
    searchOptions: {
      // A whole question finds pages with most of its words. The words of any question don't count,
      // and "closed" is also searched as "clos", the beginning of "close" and "closing".
      combineWith: "OR",
      processTerm: (word) => {
        const term = word.toLowerCase();
        const inAnyQuestion =
          "a about all already also an and any are as at be been being both but by can could do " +
          "does doing for from get had has have how i if in inside into is it its let like many me " +
          "my not of on or other out over properly so some such than that the their them then " +
          "there they this those to too up use used using very was way we were what when where " +
          "whether which while who why will with without work would you your";
        if (inAnyQuestion.split(" ").includes(term)) return null;
        const stem = term.includes("_") ? term : term.replace(/(?<=\w{4})(ing|ed|es|e|s)$/, "");
        return stem === term ? term : [term, stem];
      },
      // Words that occur in the whole book count less, but may be all that a reader types.
      boostTerm: (term) => /^(c|io|uring|io_uring|tcp|linux|(client|connection|server|socket)s?)$/.test(term)
        ? 0.2 : 1,
      boost: { title: 6, text: 2, titles: 1 },
      prefix: (word) => word.length > 3,
      fuzzy: (word) => (word.length > 6 ? 0.15 : false), // "herd" is neither "her" nor "hard"
      // Chapters explain, so they come before appendices and exercises. But an errno is looked up in
      // its appendix.
      boostDocument: (id, term) => {
        const errnos =
          "eacces eaddrinuse eaddrnotavail eafnosupport eagain ealready ebadf ebadfd " +
          "ebusy ecanceled econnaborted econnrefused econnreset edom eexist efault ehostdown " +
          "ehostunreach einprogress eintr einval eio eloop emfile enametoolong enetdown " +
          "enetunreach enfile enobufs enodev enoent enomem enonet enoprotoopt enospc enosys " +
          "enotconn enotdir enxio eopnotsupp eperm epipe eproto erestartsys esrch etime " +
          "etimedout exdev ";
        if (/\/appendix-a-/.test(id) && errnos.split(" ").includes(term)) return 4;
        if (/\/appendix-[fp]-|#e\d+-\d/.test(id)) return 0.5;
        return /\/\d\d-/.test(id) ? 1.5 : 1;
      },
    },
  },
};
