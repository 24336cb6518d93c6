Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD/part6-uring/steps/21-scope-and-deadline" page

With deadlines, a scope and a drain, what is left to be had is another protocol.

  $ $ROOT/judge --from timeouts './page {port}' | grep '##\|protocols  '
    timeouts      ####################  28 of 28, 1 skipped
    limits        ####################   8 of 8
    backpressure  ####################  13 of 13, 1 skipped
    drain         ####################  43 of 43, 21 skipped
    sockets       ####################   3 of 3
    protocols     #*\.+ +\d+ of 177, stopped after \d+ failures (re)
    ###########......... 5 of 9 levels from timeouts on; those below it were not asked for
