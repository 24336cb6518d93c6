  $ . "$ROOT/tools/shell.sh"

Two workers, two listeners on the same port.

  $ start part5 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 0
  LISTEN 0
  $ ls /proc/$pid/task | wc -l
  2

  $ stop
