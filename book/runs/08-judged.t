  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part5-epoll/steps/19-under-attack.cc" page.cc; build page

The page of chapter 8, which passes the levels of that chapter, and has no other protocol.

  $ stop; $ROOT/judge './page {port}' --from timeouts | grep '##'
    timeouts      ####################  29 of 29
    limits        ####################   8 of 8
    backpressure  ####################  14 of 14
    drain         ####################  43 of 43, 21 skipped
    sockets       ####################   3 of 3
    #+\.+ 5 of \d+ levels from timeouts on; those below it were not asked for (re)
