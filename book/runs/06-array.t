Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80
  $ ln -s "$BUILD/part4-poll/steps/08-poll-loop" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls
  $ start ./08-poll-loop
  listening on 127\.0\.0\.1:\d+ (re)

What poll is given and what it returns, while one client says hi: the length of the array comes
before the timeout in milliseconds.

  $ polls
  poll\(\[\.\.\.\], 3, \d+\) = 1 (re)
  poll\(\[\.\.\.\], 3, \d+\) = 1 (re)
  $ crowd 1000; polls
  poll\(\[\.\.\.\], 1002, \d+\) = 1 (re)
  poll\(\[\.\.\.\], 1002, \d+\) = 1 (re)

  $ stop
