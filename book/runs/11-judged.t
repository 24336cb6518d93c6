Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ ln -s "$BUILD/part6-uring/steps/17-coroutine-echo" page

The reader's page before the judge: a limit for each receive is none for a message.

  $ $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   9 of 9, 2 skipped
    crowd         ####################  29 of 29
    light         ####################   4 of 4
    rest          ####################   9 of 9
    resources     ####################  33 of 33, 13 skipped
    wake-ups      ####################   2 of 2
    timeouts      ########............  \d+ of 29, stopped after \d+ failures (re)
    ##########.......... 9 of 18 levels
