Skipped where fingerd is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ [ -x "$BUILD/finger/fingerd" ] || exit 80
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan

The questions of 00-obvious-fingerd.t, put to fingerd.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
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

The daemon has written a line about each.

  $ stop; grep '"' log
  127\.0\.0\.1:\d+ "alice" answered 18 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "" answered 21 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "/W alice" answered 31 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "alice@elsewhere" relay access denied 28 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "bob" no plan \(No such file or directory\) 10 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "\.\." no such user 21 bytes [\d.]+ ms (re)
  127\.0\.0\.1:\d+ "mallory" no plan \(a symbolic link\) 10 bytes [\d.]+ ms (re)
