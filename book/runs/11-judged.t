Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps" || exit 80

The coroutine server before the judge: a limit for each receive is none for a message.

  $ $ROOT/judge --from light './46-coroutine-echo {port}' | grep '##'
    light         ####################   ?\d+ of \d+ (re)
    rest          ####################   ?\d+ of \d+ (re)
    resources     ####################  \d+ of \d+(, \d+ skipped)? (re)
    wake-ups      ####################   ?\d+ of \d+(, \d+ skipped)? (re)
    timeouts      #+\.+  +\d+ of \d+(, .*)? (re)
    #+\.+ 4 of \d+ levels from light on; .* (re)
