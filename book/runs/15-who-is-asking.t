Skipped where the daemon is not built, which needs liburing and libseccomp
(Debian: liburing-dev, libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80

The header comes in two pieces, and what follows it in the second is the client's. From anybody but
the proxy it is a query, and a bad one.

  $ mkdir -p users/alice; echo 'Back in May.' > users/alice/.plan
  $ send() { printf 'PROXY TCP4 192.0.2.7 '; sleep 1; printf '198.51.100.1 51000 79\r\nalice\r\n'; }
  $ start finger --addr 127.0.0.1 --users users --proxy-protocol 127.0.0.2 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ send | ncat -s 127.0.0.2 127.0.0.1 $port
  Back in May.\r (esc)
  $ send | ncat -s 127.0.0.3 127.0.0.1 $port
  Error: No such user\r (esc)
  $ tail -n 2 log | cut -c 1-40
  192.0.2.7:51000 "alice" answered 14 byte
  127\.0\.0\.3:\d+ "PROXY TCP4 192\.0\.2.* (re)

Where everybody is believed, a stranger chooses whom the log names. Without a header he is closed.

  $ start finger --addr 127.0.0.1 --users users --proxy-protocol 0.0.0.0/0 2> log.all
  listening on 127\.0\.0\.1:\d+ (re)
  $ send | ncat -s 127.0.0.3 127.0.0.1 $port; tail -n 1 log.all | cut -c 1-40
  Back in May.\r (esc)
  192.0.2.7:51000 "alice" answered 14 byte
  $ echo alice | ncat -s 127.0.0.3 127.0.0.1 $port 2> /dev/null; tail -n 1 log.all
  127\.0\.0\.3:\d+: closed: PROXY header: .* (re)
  $ stop
