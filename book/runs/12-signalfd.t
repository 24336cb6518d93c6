Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ STEPS="$BUILD/part6-uring/steps"; [ -d "$STEPS" ] || exit 80
  $ cd "$CRAMTMP"; ln -s "$STEPS/21-signalfd" .

The lines come through a FIFO, which this shell keeps open.

  $ mkfifo lines; exec 5<>lines
  $ start ./21-signalfd <&5
  process \d+ (re)
  $ echo hello >&5; said
  you said hello
  $ kill $pid; said
  SIGTERM: no new clients, finish what you have begun
  $ echo still here >&5; said
  you said still here
  $ kill $pid; said
  SIGTERM again: good night
