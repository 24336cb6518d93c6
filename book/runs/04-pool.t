  $ . "$ROOT/tools/shell.sh"

  $ start part2 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)

Two workers and two silent clients: the third one waits.

  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 2 127.0.0.1 $port
  Ncat: Idle timeout expired (2000 ms).
  [1]

One of the two leaves.

  $ exec {clients[0]}>&-
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

  $ stop
