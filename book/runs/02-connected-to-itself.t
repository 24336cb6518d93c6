Skipped where there is no ncat (Debian: ncat).

  $ command -v ncat > /dev/null || exit 80

Nobody listens on this port; any that is free will do.

  $ ncat -p 7007 127.0.0.1 7007 <<< hello
  hello
