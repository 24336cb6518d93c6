Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ crowd() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }
  $ say_hi() { printf '\2\0\0\0hi' >&${fds[0]}; head -c 6 <&${fds[0]} > /dev/null; }
  $ watch() {
  >   strace -qq -o calls -p $pid & tracer=$!
  >   until grep -q recvfrom calls 2>/dev/null; do say_hi; sleep 0.1; done
  >   say_hi; sleep 0.2; kill $tracer; wait $tracer
  >   grep -B1 -A1 recvfrom calls | tail -n 3; rm calls
  > }

A thousand clients are connected, and one of them says hi.

  $ crowd 1000; say_hi
  $ watch
  epoll_wait\(\d+, \[\{events=EPOLLIN, data=(\{u32=0, u64=\d+\}|0x\w+)\}\], 256, \d+\) = 1 (re)
  recvfrom(6, "\2\0\0\0hi", 65540, 0, NULL, NULL) = 6
  sendto(6, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6

The kernel's list: descriptor, events and token of the first three.

  $ awk '/^tfd/ {print $2, $4, $6}' /proc/$pid/fdinfo/* | sort -n | head -n 4
  3 19 0
  5 19 1000000000000000
  6 19 2000000000000000
  7 19 2000000000000001

  $ kill $pid; wait $pid
