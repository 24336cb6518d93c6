// The last two are ssh URLs, in git's long and short form.
const forms = [
  /^https:\/\/(?:[^@/]+@)?([^/]+)\/(.+)$/,
  /^ssh:\/\/(?:[^@/]+@)?([^:/]+)(?::\d+)?\/(.+)$/,
  /^[\w.-]+@([\w.-]+):(?!\/)(.+)$/,
];

/** The repository's page, with its releases, from the address of its files. */
export const repositoryOf = (files) => files.replace(/\/blob\/main\/$/, "");

/** The address of the files of the repository `origin`, for a browser, if there is one. */
export function filesAt(origin) {
  const found = forms.map((form) => form.exec(origin)).find(Boolean);
  return found && `https://${found[1]}/${found[2].replace(/(\.git)?\/?$/, "")}/blob/main/`;
}
