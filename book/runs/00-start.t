The helper that starts a stage, and the one that ends it.

  $ . "$ROOT/tools/shell.sh"

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
