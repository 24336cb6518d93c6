Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD"/part6-uring/steps/[0-9]* .

Forty clients whose bytes come when their time is up, but before their receive has been cancelled: a
server that looks at the timeout alone answers none of them.

  $ too_late() { crowd 40; kill -STOP $pid; sleep 0.5
  >   for c in ${clients[@]}; do printf x >&$c; done; kill -CONT $pid
  >   for c in ${clients[@]}; do head -c 1 <&$c; done 2>/dev/null | wc -c; }
  $ start ./16-two-in-flight; too_late
  listening on 127\.0\.0\.1:\d+ (re)
  0

One that looks at the result of the receive answers all. So does one that doesn't decide when the
timeout ends, because a receive that was cancelled decides.

  $ page 16-two-in-flight asks
  $ "$ROOT/book/tools/edit.py" asks.cc << 'END'
  >        if (result > 0) connection.size = static_cast<std::size_t>(result);
  > +      if (result > 0) connection.closing = false;
  >        connection.sent = 0;
  > END
  $ build asks && start ./asks && too_late
  listening on 127\.0\.0\.1:\d+ (re)
  40
  $ without '^ *connection.closing' 16-two-in-flight
  - connection.closing = true;
  $ start ./without; too_late
  listening on 127\.0\.0\.1:\d+ (re)
  40
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 5 cat <&5; echo $?
  0
  $ stop
