  $ cd "$STEPS"

Skipped where there is no kqueue. Its output was not recorded: none of our machines has one.

  $ [ -x 02-kqueue-hello ] || exit 80
  $ ./02-kqueue-hello > /dev/null
