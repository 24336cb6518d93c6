  $ . "$ROOT/tools/shell.sh"

The page that its reader has made in chapter 2, before the judge: it gets past framing and survival,
and not past closing.

  $ page 3; build page
  $ $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ##############......  24 of 34
    ##.................. 2 of 18 levels
