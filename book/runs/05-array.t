Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ exec 4< <(exec "$BUILD/part4-poll/part4-poll" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }
  $ crowd() { for i in $(seq $1); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done; }
  $ say_hi() { printf '\2\0\0\0hi' | command ncat 127.0.0.1 $port > /dev/null; }

What poll is given and what it returns, while one client says one message: the length of the array
comes before the time-out in milliseconds.

  $ polls() {
  >   strace -qq -e trace=poll -o calls -p $pid & tracer=$!
  >   until grep -q poll calls 2>/dev/null; do say_hi; sleep 0.1; done
  >   say_hi; sleep 0.1; kill $tracer; wait $tracer
  >   grep -o '[0-9]*, [0-9]*) = 1' calls | tail -n 2; rm calls
  > }

  $ polls
  3, \d+\) = 1 (re)
  3, \d+\) = 1 (re)
  $ crowd 1000; say_hi
  $ polls
  1003, \d+\) = 1 (re)
  1003, \d+\) = 1 (re)

  $ kill $pid; wait $pid
