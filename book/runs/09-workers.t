  $ . "$ROOT/tools/shell.sh"

One server for each core: the port has an owner.

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ $BUILD/part5-epoll/part5-epoll --port $port
  cannot serve 127\.0\.0\.1 port \d+: Address already in use: stop .* (re)
  [1]

Two workers, two listeners on the same port.

  $ start part5 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 0
  LISTEN 0
  $ sleep 0.2  # the second thread starts after the line that the server listens
  $ ls /proc/$pid/task | wc -l
  2

  $ stop
