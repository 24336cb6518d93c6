  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part4-poll/steps/08-poll-loop.cc" page.cc; build page

The page of chapter 6 rests, and gets past resources, too; it stops at wake-ups, because each message
costs it a look at all clients.

  $ $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   9 of 9, 2 skipped
    crowd         ####################  29 of 29
    light         ####################   4 of 4
    rest          ####################   9 of 9
    resources     ####################  46 of 46
    wake-ups      ##########..........   1 of 2
    ########............ 8 of 18 levels
