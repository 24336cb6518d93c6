  $ cd "$STEPS"

What a client gets to read. The second column and the last serve the two users that should be
served, and neither link: O_NOFOLLOW looks at the last name, and in these homes there is only one.
No way to open tells a hard link from a file.

  $ ./05-symlink
                              open      O_NOFOLLOW  openat2   home, then openat2
  a plan                      a plan    a plan      a plan    a plan
  a link to a secret          a secret  ELOOP       ELOOP     ELOOP
  a magic link to a secret    a secret  ELOOP       ELOOP     ELOOP
  a home that was moved       a plan    a plan      ELOOP     a plan
  a hard link to a secret     a secret  a secret    a secret  a secret
