  $ . "$ROOT/tools/shell.sh"

The page before the judge, as its reader makes it in chapter 3: with a plain close, with the three
moves, and with a limit for the second of them.

  $ page 3; build page
  $ $ROOT/judge './page {port}' | grep 'of 34'
    closing       ##############......  24 of 34
  $ rm page.cc; page 4
  $ sed -i '/give_up = /d; s/receive_until(\(.*\), give_up)/recv(\1, sizeof discarded, 0)/' page.cc
  $ build page; grep -c give_up page.cc
  0
  [1]
  $ $ROOT/judge './page {port}' | grep 'of 34'
    closing       ##################..  32 of 34
  $ rm page.cc; page 4; build page
  $ $ROOT/judge './page {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    ###................. 3 of 18 levels
