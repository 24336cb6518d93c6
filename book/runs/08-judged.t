  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part5-epoll/steps"

The page of chapter 8 before the judge, which passes the levels of that chapter, and has no other
protocol.

  $ $ROOT/judge './19-under-attack {port}' --from timeouts | grep '##'
    timeouts      ####################  29 of 29
    limits        ####################   8 of 8
    backpressure  ####################  14 of 14
    drain         ####################   ?\d+ of \d+ (re)
    sockets       ####################   2 of 2
    #+\.+ 5 of \d+ levels from timeouts on; those below it were not asked for (re)
