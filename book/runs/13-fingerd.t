Skipped where the daemon is not built, which needs liburing and libseccomp
(Debian: liburing-dev, libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
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

A client that says nothing, and one that is slow. No byte renews the deadline.

  $ TIMEFORMAT='%R s'; exec 5<>/dev/tcp/127.0.0.1/$port; time cat -A <&5
  Error: Query timeout^M$
  [12]\.\d+ s (re)
  $ typing() { for c in a l i c e; do printf $c; sleep 0.8; done; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (typing >&5 &); time cat -A <&5
  Error: Query timeout^M$
  [12]\.\d+ s (re)
  $ grep timeout log | cut -d ' ' -f 2-
  "" query timeout 22 bytes 2\d+\.\d ms (re)
  "a[lic]*" query timeout 22 bytes 2\d+\.\d ms (re)

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

A plan that is written anew while it is sent: the answer has a bit of both, and ends with a reset.
Where the seam lies depends on how much the buffers hold; it may lie between two lines.

  $ plan() { (echo Plan:; yes "$2") | head -c $1 > users/bob/.plan; }
  $ plan 50M 'Back in spring.'
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf 'bob\r\n' >&5; sleep 0.5
  $ plan 10M 'Home at my desk'; cat <&5 2> why | tr -d '\r' | uniq -c | head -n 3; cat why
        1 Plan:
   +\d+ Back in spring. (re)
   +\d+ [A-Z].+ (re)
  cat: -: Connection reset by peer
  $ exec 5>&-; rm users/bob/.plan
  $ stop
