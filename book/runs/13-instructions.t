Skipped where valgrind is missing, or fingerd is not built; and with valgrind 3.27, which opens a
FIFO in /tmp when it is asked for its counts: what confines fingerd refuses that, and valgrind ends
it.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd" ] && valgrind --version | grep -qv 3\.27 || exit 80

What an exchange costs in user space.

  $ tests/costs/exchange.py $BUILD
  (1[89]|2[0-4]),\d\d\d instructions an exchange, +(1,\d\d\d|[89]\d\d) of them for frames (re)
