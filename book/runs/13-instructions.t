Skipped where valgrind is missing, or fingerd-machine is not built; and with
valgrind 3.27, which opens a FIFO in /tmp when it is asked for its counts: what confines fingerd
refuses that, and valgrind ends it.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd-machine" ] && valgrind --version | grep -qv 3\.27 || exit 80

What an exchange costs in user space, in both daemons.

  $ tests/costs/exchange.py $BUILD
  fingerd +(1[89]|2[0-4]),\d\d\d instructions an exchange, +(1,\d\d\d|[89]\d\d) of them for frames (re)
  fingerd-machine +([6-9]|10),\d\d\d instructions an exchange, +0 of them for frames (re)
