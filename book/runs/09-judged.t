  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part5-epoll/steps"

The page with its loops before the judge, without HTTP.

  $ $ROOT/judge --from sockets --without protocols './20-page-with-loops {port}' | grep '##'
    sockets       ####################   3 of 3
    workers       ####################  \d+ of \d+(, \d+ skipped)? (re)
    logs          #+\.+  +\d+ of \d+(, .*)? (re)
    #+\.+ 2 of \d+ levels from sockets on; .* (re)
