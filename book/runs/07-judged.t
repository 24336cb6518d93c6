  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part5-epoll/steps"

The page of chapter 7 before the judge: idle clients don't make a message more expensive. It stops at
timeouts, where the server is late itself.

  $ $ROOT/judge './14-epoll-loop {port}' --from resources | grep '##'
    resources     ####################  46 of 46
    wake-ups      ####################   2 of 2
    timeouts      #+\.+   ?\d+ of \d+(, stopped after \d+ failures?)? (re)
    #+\.+ 2 of \d+ levels from resources on; those below it were not asked for (re)
