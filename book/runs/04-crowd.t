  $ exec 4< <(exec "$BUILD/part3-nonblocking/part3-nonblocking" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }
  $ crowd() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }

The first clients say nothing; the answer to the last one proves that all of them were accepted.

  $ crowd 1000
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ awk '/VmSize|VmRSS|Threads/ {print $1, $2}' /proc/$pid/status
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 1

  $ kill $pid; wait $pid
