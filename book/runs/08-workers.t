  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0 --workers 2); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ crowd() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }

Two workers, two listeners on the same port.

  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 0
  LISTEN 0
  $ ls /proc/$pid/task | wc -l
  2

  $ kill $pid; wait $pid
