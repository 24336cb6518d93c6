  $ exec 4< <(exec "$BUILD/part2-threads/part2-threads" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}; until [ $(ls /proc/$pid/task | wc -l) = 2 ]; do sleep 0.05; done

The thread that tried at the start whether a small stack is enough was joined, but the kernel may
list it a moment longer.

A client that connects and says nothing is three words of bash; this makes as many as one likes.

  $ connect() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }
  $ threads() { until [ $(ls /proc/$pid/task | wc -l) -ge $1 ]; do sleep 0.05; done; }
  $ crowd() { connect $1; threads $(($1 + 2)); }

  $ awk '/VmSize|VmRSS|Threads/ {print $1, $2}' /proc/$pid/status
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 2

  $ crowd 1000
  $ awk '/VmSize|VmRSS|Threads/ {print $1, $2}' /proc/$pid/status
  VmSize: \d+ (re)
  VmRSS: \d{5} (re)
  Threads: 1002

A thousand threads asleep, each inside recv, and one signal.

  $ kill $pid; wait $pid; echo "exit status $?"
  exit status 0
