  $ . "$ROOT/tools/shell.sh"

The page of chapter 7 before the judge: it survives a client that announces a gigabyte, and knows no
option for that.

  $ page 14-epoll-loop; build page && $ROOT/judge './page {port}' --from limits | grep '##'
    limits        #+\.+   ?[1-7] of 8(, stopped after \d+ failures?)? (re)

The page of chapter 8, which passes the levels of that chapter, and has no other protocol.

  $ cp $ROOT/part5-epoll/steps/19-under-attack.cc page.cc
  $ build page && $ROOT/judge './page {port}' --from timeouts | grep '##'
    timeouts      ####################  29 of 29
    limits        ####################   8 of 8
    backpressure  ####################  14 of 14
    drain         ####################  43 of 43, 21 skipped
    sockets       ####################   3 of 3
    #+\.+ 5 of \d+ levels from timeouts on; those below it were not asked for (re)
