Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ rounds() { for i in $(seq $1); do printf '\2\0\0\0hi' >&5; head -c 6 <&5 > /dev/null; done; }
  $ count_calls() {
  >   [[ $1 = */* ]] || set -- "$BUILD/$1/$1" --port 0
  >   exec 4< <(exec "$@"); pid=$!; read -r _ _ address <&4
  >   exec 5<>/dev/tcp/127.0.0.1/${address#*:}; rounds 1
  >   strace -qq -c -U calls,name -o calls -p $pid & tracer=$!
  >   until grep -q "TracerPid:.[1-9]" /proc/$pid/status; do sleep 0.05; done
  >   rounds 100; kill -INT $tracer; wait $tracer; { kill $pid; wait $pid; } 2> /dev/null
  >   sort -k 2 calls | grep ' [12][0-9][0-9] ' | grep -v total
  > }

A hundred messages of one client, each sent when the one before was answered.

  $ count_calls part5-epoll
        10[01] epoll_wait (re)
        100 recvfrom
        100 sendto

The same hundred.

  $ count_calls part6-uring
        10[01] io_uring_enter (re)

A ring by hand, with the send and the receive one after the other.

  $ cd "$BUILD/part6-uring/steps"
  $ count_calls ./04-echo-one 0
        20[01] io_uring_enter (re)
