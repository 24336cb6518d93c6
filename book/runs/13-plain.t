Skipped where fingerd-plain is not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ [ -x "$BUILD/finger/fingerd-plain" ] || exit 80
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan

A query that comes in pieces, and a client that does not finish its own.

  $ start $BUILD/finger/fingerd-plain --port 0 --users users
  listening on 127\.0\.0\.1:\d+ (re)
  $ (printf 'ali'; sleep 1; printf 'ce\r\n') | ncat 127.0.0.1 $port | cat -A
  Write a^M$
  server.^M$
  $ printf 'ali' | ncat 127.0.0.1 $port | cat -A
  Error: Unexpected EOF^M$

What may be in the place of a plan, and is none.

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

The questions of 00-obvious-fingerd.t, put to the plain daemon.

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
  $ ask '..\r\n'
  Error: No such user^M$
  $ ask 'mallory\r\n'
  No Plan.^M$

One deadline for a client that says nothing.

  $ stop
  $ start $BUILD/finger/fingerd-plain --port 0 --users users --deadline 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  0
  $ stop
