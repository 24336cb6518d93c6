A server on a page, before the judge: it gets past framing and survival, and not past closing.

  $ cd $ROOT
  $ ./judge "$BUILD/part1-blocking/steps/12-whole-server {port}" | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       #+\.+  \d+ of 34(, stopped after \d+ failures?)? (re)
    ##.................. 2 of 18 levels
