  $ . "$ROOT/tools/shell.sh"

The page that its reader has made in chapter 4, before the judge: it gets past start and crowd, and
not past light, because an idle client costs it a thread.

  $ page 5; build page
  $ $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   9 of 9, 2 skipped
    crowd         ####################  29 of 29
    light         ##########..........   2 of 4
    #####............... 5 of 18 levels
