  $ . "$ROOT/tools/shell.sh"

The page of chapter 4 with a thread for each client, before the judge: it gets past start and crowd,
and not past light, because an idle client costs it a thread.

  $ cp $ROOT/part2-threads/steps/02-thread-each.cc page.cc
  $ build page && $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    start         ####################   ?\d+ of \d+, 2 skipped (re)
    crowd         ####################  29 of 29
    light         #+\.+   ?\d+ of \d+(, stopped after \d+ failures?)? (re)
    #####\.+ 5 of \d+ levels (re)
