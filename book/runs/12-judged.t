Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD/part6-uring/steps/21-scope-and-deadline" page12

With deadlines, a scope and a drain, what is left to be had is another protocol.

  $ $ROOT/judge --from timeouts './page12 {port}' | grep '##\|protocols  '
    timeouts      ####################  \d+ of \d+(, \d+ skipped)? (re)
    limits        ####################   ?\d+ of \d+ (re)
    backpressure  ####################  \d+ of \d+(, \d+ skipped)? (re)
    drain         ####################  \d+ of \d+(, \d+ skipped)? (re)
    sockets       ####################   ?\d+ of \d+(, \d+ skipped)? (re)
    protocols     #*\.+ +\d+ of \d+(, .*)? (re)
    #+\.+ 5 of \d+ levels from timeouts on; .* (re)
