  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

The server with threads that can be stopped, before the judge: it gets past start and crowd, and not
past light, because an idle client costs it a thread.

  $ $ROOT/judge './07-stop-them-all {port}' | grep '##'
    framing       ####################  26 of 26
    survival      ####################   9 of 9
    closing       ####################  36 of 36
    start         ####################   ?\d+ of \d+ (re)
    crowd         ####################   ?\d+ of \d+ (re)
    light         #+\.+   ?\d+ of \d+(, stopped after \d+ failures?)? (re)
    #####\.+ 5 of \d+ levels (re)
