  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./07-whole-server
  listening on 127\.0\.0\.1:\d+ (re)

A message in three pieces, then one that is cut off, then one that announces more than the limit.
Each client gets what is due to it, and the server goes on to the next.

  $ (printf '\2\0'; sleep 0.2; printf '\0\0h'; sleep 0.2; printf i) | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ printf '\2\0\0\0hi\5\0\0\0hal' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ printf '\377\377\377\377' | ncat 127.0.0.1 $port | xxd
  $ printf '\2\0\0\0hi\3\0\0\0you' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869 0300 0000 796f 75         ....hi....you
  $ stop
