Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ cd "$BUILD/part6-uring/steps"

The coroutine server before the judge: a limit for each receive is none for a message.

  $ $ROOT/judge --from resources './17-coroutine-echo {port}' | grep '##'
    resources     ####################  \d+ of \d+(, \d+ skipped)? (re)
    wake-ups      ####################   ?\d+ of \d+(, \d+ skipped)? (re)
    timeouts      #+\.+  +\d+ of \d+(, .*)? (re)
    #+\.+ 2 of \d+ levels from resources on; .* (re)
