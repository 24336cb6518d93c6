Skipped where the daemon is not built, which needs liburing and libseccomp
(Debian: liburing-dev, libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ [ -x "$BUILD/finger/fingerd" ] || exit 80
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan

A query that comes in pieces, and two that end with a bare CR, and with the stream.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ (printf 'ali'; sleep 1; printf 'ce\r\n') | ncat 127.0.0.1 $port | cat -A
  Write a^M$
  server.^M$
  $ ask 'alice\r'
  Write a^M$
  server.^M$
  $ ask 'alice'
  Write a^M$
  server.^M$

A host after an @: the one that was asked, and another.

  $ ask 'alice@127.0.0.1\r\n'
  Write a^M$
  server.^M$
  $ ask 'alice@elsewhere\r\n'
  Error: Relay access denied^M$

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

The other files.

  $ echo 'A book about servers' > users/alice/.project
  $ echo 'ssh-ed25519 AAAAC3Nz' > users/alice/.pubkey; ask '/W alice\r\n'
  Name: alice^M$
  Project: A book about servers^M$
  ssh-ed25519 AAAAC3Nz^M$
  Write a^M$
  server.^M$
  $ rm users/alice/.pubkey; ask 'alice\r\n'
  Project: A book about servers^M$
  Write a^M$
  server.^M$
  $ rm users/alice/.project

A plan that becomes shorter while it is sent: the answer ends with a reset.

  $ yes 'Back in May.' | head -c 50M > users/bob/.plan
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf 'bob\r\n' >&5; sleep 0.5
  $ truncate -s 10M users/bob/.plan; cat <&5 | wc -c
  cat: -: Connection reset by peer
  \d{6,8} (re)
  $ exec 5>&-; rm users/bob/.plan
  $ stop
