  $ . "$ROOT/tools/shell.sh"

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)

The first client has been answered, and then says nothing.

  $ crowd 1; say_hi

The second is connected, sends, and hears nothing for as long as it cares to wait.

  $ printf '\2\0\0\0hi' | ncat --idle-timeout 3 127.0.0.1 $port
  Ncat: Idle timeout expired (3000 ms).
  [1]

The kernel has connected it, and holds what it sent.

  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1

  $ stop
