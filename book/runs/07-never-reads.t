  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0 2> log); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 2 cat /dev/zero >&5
  [124]
  $ ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ awk '/VmRSS/ {print $1, $2}' /proc/$pid/status
  VmRSS: \d{4} (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
  00000000: 0200 0000 6869                           ....hi

  $ exec 5>&-
  $ kill $pid; wait $pid
