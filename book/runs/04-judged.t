The stage before the judge, from the first level of chapter 4 on: it gets past start and crowd, and
not past light, because an idle client costs it a thread.

  $ cd $ROOT
  $ ./judge --from start "$BUILD/part2-threads/part2-threads --port {port}" | grep '##'
    start         ####################   ?\d+ of \d+ (re)
    crowd         ####################   ?\d+ of \d+ (re)
    light         #+\.+   ?\d+ of \d+(, stopped after \d+ failures?)? (re)
    ##\.+ 2 of \d+ levels from start on; those below it were not asked for (re)
