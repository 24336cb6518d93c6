  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ [ -x "$BUILD/finger/fingerd-machine" ] || exit 80
  $ ln -s "$ROOT/finger" finger

The daemon as a state machine, by hand.

  $ start "$BUILD/finger/fingerd-machine" --addr 127.0.0.1 --port 0 --users finger/users
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask '/W carol\r\n'
  Name: carol^M$
  No Plan.^M$
  $ ask '..\r\n'
  Error: No such user^M$
