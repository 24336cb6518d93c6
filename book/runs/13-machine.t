Skipped where fingerd-machine is not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"
  $ [ -x "$BUILD/finger/fingerd-machine" ] || exit 80

The daemon as a state machine, by hand.

  $ start $BUILD/finger/fingerd-machine --quiet --addr 127.0.0.1 --port 0 --users finger/users
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask '/W bob\r\n'
  Name: bob^M$
  No Plan.^M$
  $ ask '..\r\n'
  Error: No such user^M$
  $ stop
