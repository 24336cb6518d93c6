Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD/book/steps/15/05-gate" .

A manager, with a server and a silent client of its own, and a second one, which is handed the
socket.

  $ mkdir -p users/alice; echo 'In May.' > users/alice/.plan
  $ fingerd="$BUILD/finger/fingerd --users users --query-timeout 60s --deadline 60s"
  $ start ./05-gate door 0 $fingerd 2> log.1
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1
  $ (./05-gate door 0 $fingerd > out.2 2> log.2 5>&- & echo $! > pid.2); sleep 1; cat out.2
  listening on 127\.0\.0\.1:\d+ (re)

The late client and the silent one, and the first server's end.

  $ ask 'alice\r\n'; printf '/W alice\r\n' >&5; cat <&5; exec 5>&-
  In May.^M$
  Name: alice\r (esc)
  In May.\r (esc)
  $ wait $pid; echo "exit status $?"
  exit status 0
  $ grep -o '".*answered' log.1 log.2
  log.1:"/W alice" answered
  log.2:"alice" answered

One that does not start changes nothing.

  $ ./05-gate door 0 $BUILD/finger/fingerd --users nobodys; echo "exit status $?"
  cannot (read|serve) .*nobodys.* (re)
  exit status 1
  $ ask 'alice\r\n'
  In May.^M$
  $ kill $(cat pid.2)

Until it has gone, this directory could not be removed.

  $ timeout 10 tail --pid="$(cat pid.2)" -f /dev/null
