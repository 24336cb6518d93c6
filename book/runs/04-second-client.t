  $ . "$ROOT/tools/shell.sh"

  $ start part2
  listening on 127\.0\.0\.1:\d+ (re)

The first client has been answered, and then says nothing. The second is answered, too.

  $ crowd 1; say_hi
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

  $ stop
