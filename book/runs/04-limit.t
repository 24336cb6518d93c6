  $ . "$ROOT/tools/shell.sh"

At most two connections, and two silent clients: the third one waits in the backlog.

  $ start part2 --max-connections 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 2 127.0.0.1 $port
  Ncat: Idle timeout expired (2000 ms).
  [1]
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1

  $ stop
