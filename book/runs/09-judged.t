  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part5-epoll/steps/20-page-with-loops.cc" page.cc; build page

The page of chapter 9, with its other protocols and its loops. Its log says too little.

  $ stop; $ROOT/judge './page {port}' --from sockets | grep '##'
    sockets       ####################   3 of 3
    protocols     #################### 177 of 177
    workers       ####################  16 of 16, 2 skipped
    logs          #+\.+  +\d+ of \d+(, .*)? (re)
    #+\.+ 3 of \d+ levels from sockets on; those below it were not asked for (re)
