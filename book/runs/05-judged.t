  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part3-nonblocking/steps/04-patient-loop.cc" page.cc; build page

The page of chapter 5 before the judge: an idle client costs it nothing, and it never rests.

  $ stop; $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   ?\d+ of \d+, 2 skipped (re)
    crowd         ####################  29 of 29
    light         ####################   4 of 4
    ######\.+ 6 of \d+ levels (re)
