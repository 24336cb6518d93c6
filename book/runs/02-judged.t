  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

A server on a page, before the judge: it gets past framing and survival, and not past closing.

  $ $ROOT/judge './08-a-minute-each {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       #+\.+  \d+ of 34(, stopped after \d+ failures?)? (re)
    ##.................. 2 of 18 levels
