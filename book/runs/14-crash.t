Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ [ -x "$BUILD/finger/fingerd" ] || exit 80
  $ mkdir -p users/alice

The worker dies, and the daemon with it.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -SEGV $(pgrep -P $pid)
  $ wait $pid; echo "exit status $?"
  exit status 1
  $ tail -n 1 log
  the worker has ended by itself: signal 11
