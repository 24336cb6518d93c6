Skipped where the steps of part 6 are not built, which need liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD"/part6-uring/steps/[0-9]* .

A server that closes the descriptor of a client that is late, in place of cancelling its receive: the
client stays connected, to no process.

  $ cp $ROOT/part6-uring/steps/17-coroutine-echo.cc closing.cc
  $ "$ROOT/book/tools/edit.py" closing.cc << 'END'
  >        if (due > Clock::now()) break;
  > -      cancel(*operation);
  > +      close(6);
  >      }
  > END
  $ build closing && start ./closing 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1; ss -tnHp sport = :$port
  ESTAB +0 +0 +127.0.0.1:\d+ +127.0.0.1:\d+ * (re)

The server that cancels has turned it away.

  $ start ./17-coroutine-echo 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1; ss -tnHp sport = :$port
  (CLOSE|FIN).* (re)
  $ stop
