  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"; cp "$ROOT/part1-blocking/steps/08-a-minute-each.cc" page.cc; build page

The page of chapter 2 before the judge: it gets past framing and survival, and not past closing.

  $ stop; $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ##############......  24 of 34
    ##.................. 2 of 18 levels
