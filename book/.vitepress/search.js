// What the search finds first. The browser gets these functions as text, so each must be whole.

export const searchOptions = {
  // The button's visible words are its name; a name of its own would have to repeat the key.
  translations: { button: { buttonAriaLabel: "" } },
  miniSearch: {
    options: {
      // TIME_WAIT is one word, also as TIME-WAIT, and finds what has it; its parts are words, too.
      tokenize: (text) => text.replace(/\b([A-Z]+)-([A-Z]+)\b/g, "$1_$2")
        .split(/(?:(?!_)[\n\r\p{Z}\p{P}])+/u)
        .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]))
        .filter((word) => word !== ""),
    },
    searchOptions: {
      combineWith: "AND",
      boost: { title: 4, text: 2, titles: 1 },
      prefix: (word) => word.length > 3,
      fuzzy: (word) => (word.length > 6 ? 0.15 : false), // "herd" is neither "her" nor "hard"
      // A chapter explains what an appendix looks up and a difference or an exercise mentions. But
      // an errno is looked up by its call.
      boostDocument: (id, term) => {
        const errnos =
          "e2big eacces eaddrinuse eaddrnotavail eafnosupport eagain ealready ebadf ebadfd " +
          "ebusy ecanceled econnaborted econnrefused econnreset edom eexist efault ehostdown " +
          "ehostunreach einprogress eintr einval eloop emfile enametoolong enetdown enetunreach " +
          "enfile enobufs enodev enoent enomem enonet enoprotoopt enospc enosys enotconn " +
          "enotdir enxio eopnotsupp eperm epipe eproto erestartsys esrch etime " +
          "etimedout exdev ";
        if (/\/appendix-a-/.test(id) && errnos.split(" ").includes(term)) return 8;
        if (/\/diffs\/|#e\d+-\d/.test(id)) return 0.5;
        return /\/\d\d-/.test(id) ? 2 : 1;
      },
    },
  },
};
