The helper that starts a stage, and the one that ends it. A message comes back. An
incomplete one has no answer, but has one when its last byte has come.

  $ . "$ROOT/tools/shell.sh"

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ printf '\5\0\0\0hell' | ncat 127.0.0.1 $port | xxd
  127\.0\.0\.1:\d+: closed: stream ended inside a message (re)
  $ (printf '\5\0\0\0hell'; sleep 2; printf o) | ncat 127.0.0.1 $port | xxd
  00000000: 0500 0000 6865 6c6c 6f                   ....hello
  $ stop
