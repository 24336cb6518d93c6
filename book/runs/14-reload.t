Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ mkdir -p users/alice; printf 'Write a\nserver.\n' > users/alice/.plan

A client has sent half a name when the users are read anew: it is answered by the worker that has
this half, and then there is only the fresh one, which knows who has come.

  $ start finger --addr 127.0.0.1 --users users --query-timeout 60s --deadline 60s 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf ali >&5; sleep 1; pgrep -P $pid
  \d+ (re)
  $ mkdir users/carol; echo 'Back in May.' > users/carol/.plan; ask 'carol\r\n'
  Error: No such user^M$
  $ kill -HUP $pid; sleep 1; pgrep -P $pid
  \d+ (re)
  \d+ (re)
  $ ask 'carol\r\n'
  Back in May.^M$
  $ printf 'ce\r\n' >&5; cat <&5; exec 5>&-; sleep 1; pgrep -P $pid
  Write a\r (esc)
  server.\r (esc)
  \d+ (re)

The worker dies, and the daemon with it.

  $ kill -SEGV $(pgrep -P $pid)
  $ wait $pid; echo "exit status $?"
  exit status 1
  $ tail -n 1 log
  the worker ended unexpectedly: signal 11
