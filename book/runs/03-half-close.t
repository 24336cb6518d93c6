  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The server is suspended while a client sends a message and ends its side: half of the connection is
over. Continued, the server answers into the other half.

  $ start ./09-three-moves
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; (printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd &); sleep 1
  $ ss -tnH "sport = :$port or dport = :$port" | awk '{print $1, $4, $5}' | sort -r
  FIN-WAIT-[12] 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  CLOSE-WAIT 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  $ kill -CONT $pid; sleep 1
  00000000: 0200 0000 6869                           ....hi
  $ stop
