  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part4-poll/steps/08-poll-loop.cc" page.cc; build page

The page of chapter 5 never rests. That of chapter 6 does, and gets past resources, too; it stops at
wake-ups, because each message costs it a look at all clients.

  $ $ROOT/judge --level rest "$BUILD/part3-nonblocking/steps/04-patient-loop {port}" | tail -n 1
  \d passed, [1-9]\d* failed, 0 skipped (re)
  $ $ROOT/judge './page {port}' --from rest | grep '##'
    rest          ####################   9 of 9
    resources     ####################  46 of 46
    wake-ups      #*\.+   ?\d+ of \d+(, stopped after \d+ failures?)? (re)
    #+\.+ 2 of \d+ levels from rest on; those below it were not asked for (re)
