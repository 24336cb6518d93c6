  $ . "$ROOT/tools/shell.sh"

  $ start part3 --read-timeout 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ memory | grep VmRSS
  VmRSS: \d{4} (re)

The first clients say nothing; the answer to the last one proves that all of them were accepted.

  $ crowd 1000
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ memory
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 1

  $ stop
