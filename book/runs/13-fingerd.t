Skipped where the two daemons are not built, which need liburing and libseccomp
(Debian: liburing-dev, libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ [ -x "$BUILD/finger/fingerd" ] && [ -x "$BUILD/finger/steps/12-state-machine" ] || exit 80
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan

A query that comes in pieces, and one that the end of the stream ends.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ (printf 'ali'; sleep 1; printf 'ce\r\n') | ncat 127.0.0.1 $port | cat -A
  Write a^M$
  server.^M$
  $ printf 'alice' | ncat 127.0.0.1 $port | cat -A
  Write a^M$
  server.^M$

What may be in the place of a plan, and is none.

  $ ask 'mallory\r\n'
  No Plan.^M$
  $ mkfifo users/bob/.plan; ask 'bob\r\n'
  No Plan.^M$
  $ rm users/bob/.plan; mkdir users/bob/.plan; ask 'bob\r\n'
  No Plan.^M$
  $ rmdir users/bob/.plan

A plan whose last line has no end gets one.

  $ printf 'Gone\nfishing.' > users/bob/.plan; ask 'bob\r\n'
  Gone^M$
  fishing.^M$
  $ rm users/bob/.plan

The other questions of 00-obvious-fingerd.t, put to fingerd.

  $ ask '..\r\n'
  Error: No such user^M$
  $ ask 'alice\r\n'
  Write a^M$
  server.^M$
  $ ask '\r\n'
  alice^M$
  bob^M$
  mallory^M$
  $ ask '/W alice\r\n'
  Name: alice^M$
  Write a^M$
  server.^M$
  $ ask 'alice@elsewhere\r\n'
  Error: Relay access denied^M$
  $ ask 'bob\r\n'
  No Plan.^M$

All seven, put to fingerd and to the state machine.

  $ seven() { for q in alice '' '/W alice' alice@elsewhere bob .. mallory; do ask "$q\r\n"; done; }
  $ seven > coroutines
  $ start $BUILD/finger/steps/12-state-machine 0 users
  listening on 127\.0\.0\.1:\d+ (re)
  $ seven > table; diff -s coroutines table
  Files coroutines and table are identical
  $ stop
