// The last two are what git calls an ssh URL and its short form.
const forms = [
  /^https:\/\/(?:[^@/]+@)?([^/]+)\/(.+)$/,
  /^ssh:\/\/(?:[^@/]+@)?([^:/]+)(?::\d+)?\/(.+)$/,
  /^[\w.-]+@([\w.-]+):(?!\/)(.+)$/,
];

/** Where the repository is, and what is released, of which these are the files. */
export const repositoryOf = (files) => files.replace(/\/blob\/main\/$/, "");

/** Where a browser finds the files of the repository that git calls `origin`, if anywhere. */
export function filesAt(origin) {
  const found = forms.map((form) => form.exec(origin)).find(Boolean);
  return found && `https://${found[1]}/${found[2].replace(/(\.git)?\/?$/, "")}/blob/main/`;
}
