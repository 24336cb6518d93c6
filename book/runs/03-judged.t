  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The server on a page that closes in three moves, before the judge: it gets past closing.

  $ $ROOT/judge './09-three-moves {port}' | grep '##'
    framing       ####################  25 of 25
    survival      ####################   7 of 7
    closing       ####################  34 of 34
    ###................. 3 of 18 levels
