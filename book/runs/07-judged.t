  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part5-epoll/steps/14-epoll-loop.cc" page.cc; build page

The page of chapter 7 before the judge: idle clients don't make a message more expensive. It stops at
timeouts, where the server is late itself.

  $ stop; $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   ?\d+ of \d+, 2 skipped (re)
    crowd         ####################  29 of 29
    light         ####################   4 of 4
    rest          ####################   9 of 9
    resources     ####################  46 of 46
    wake-ups      ####################   2 of 2
    timeouts      #+\.+   ?2[78] of 29(, stopped after 1 failure)? (re)
    #+\.+ 9 of \d+ levels (re)
