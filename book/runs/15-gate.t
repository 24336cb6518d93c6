Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD/book/steps/15/05-gate" .

A manager, with a server and a silent client of its own, and a second one with a newer version,
which is handed the socket.

  $ mkdir -p users/alice; echo 'In May.' > users/alice/.plan
  $ fingerd="$BUILD/finger/fingerd --users users --query-timeout 60s --deadline 60s"
  $ start ./05-gate door 0 $fingerd 2> log.1
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1
  $ (./05-gate door 0 $fingerd --full-name > out.2 2> log.2 5>&- &); sleep 1; cat out.2
  listening on 127\.0\.0\.1:\d+ (re)

The late client and the silent one, and the first server's end.

  $ ask 'alice\r\n'; printf 'alice\r\n' >&5; cat -A <&5; exec 5>&-
  Name: alice^M$
  In May.^M$
  In May.^M$
  $ wait $pid; echo "exit status $?"
  exit status 0

The way back to the first version.

  $ (./05-gate door 0 $fingerd 2> log.3 > out.3 &); sleep 1; ask 'alice\r\n'
  In May.^M$

One that does not start changes nothing, unless its manager says too early that it serves.

  $ ./05-gate door 0 $BUILD/finger/fingerd --users nobodys; echo "exit status $?"
  cannot (read|serve) .*nobodys.* (re)
  exit status 1
  $ ask 'alice\r\n'
  In May.^M$
  $ page 05-gate early
  $ "$ROOT/book/tools/edit.py" early.cc << 'END'
  >    if (server == 0) become(argv + 3, listener, notify_path);
  > +  if (old >= 0) send(old, "R", 1, MSG_NOSIGNAL);
  >  // …
  >        gate = bound_to(at_path(place), SOCK_STREAM);
  > -      if (old >= 0) send(old, "R", 1, MSG_NOSIGNAL);
  > END
  $ build early && ./early door 0 $BUILD/finger/fingerd --users nobodys
  cannot (read|serve) .*nobodys.* (re)
  [1]
  $ sleep 1; ask 'alice\r\n'; rm early{,.cc}
  Ncat: Connection refused.
