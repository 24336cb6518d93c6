Skipped where fingerd is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan

The questions of 00-obvious-fingerd.t, put to fingerd.

  $ start finger --addr 127.0.0.1 --users users 2> seven.log
  listening on 127\.0\.0\.1:\d+ (re)
  $ for q in alice '' '/W alice' alice@elsewhere bob .. mallory; do echo "[$q]"; ask "$q\r\n"; done
  [alice]
  Write a^M$
  server.^M$
  []
  alice^M$
  bob^M$
  mallory^M$
  [/W alice]
  Name: alice^M$
  Write a^M$
  server.^M$
  [alice@elsewhere]
  Error: Relay access denied^M$
  [bob]
  No Plan.^M$
  [..]
  Error: No such user^M$
  [mallory]
  No Plan.^M$

The daemon has written a line about each.

  $ stop; grep '"' seven.log | sed 's/.*:[0-9]* //; s/ [0-9.]* ms//'
  "alice" answered 18 bytes
  "" answered 21 bytes
  "/W alice" answered 31 bytes
  "alice@elsewhere" relay access denied 28 bytes
  "bob" no plan (No such file or directory) 10 bytes
  ".." no such user 21 bytes
  "mallory" no plan (a symbolic link) 10 bytes

The worm's query began with 400 times the byte 1.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ head -c 536 /dev/zero | tr '\0' '\1' | ncat 127.0.0.1 $port | cat -A
  Error: Invalid query^M$

And what mallory can do: a second name for the secret.

  $ ln -f .plan users/mallory/.plan; ask 'mallory\r\n'
  a secret^M$
  $ stop
