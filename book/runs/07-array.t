Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

The array of part4 grows with its clients: a thousand of them, the listener and the wake-up.

  $ start part4
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000
  $ polls
  1002, \d+\) = 1 (re)
  1002, \d+\) = 1 (re)
  $ stop
