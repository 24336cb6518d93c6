Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

A hundred messages of one client, each sent when the one before was answered.

  $ count_calls part5
        10[01] epoll_wait (re)
        100 recvfrom
        100 sendto

The same hundred.

  $ count_calls part6
        10[01] io_uring_enter (re)

A ring by hand, with the send and the receive one after the other.

  $ cd "$BUILD/part6-uring/steps"
  $ count_calls ./04-echo-one 0
        (199|20[01]) io_uring_enter (re)

The same program, with the send and the receive in one link.

  $ g++ -std=c++23 -O2 $ROOT/book/solutions/e10_4.cc -luring -o one-call
  $ count_calls ./one-call 0
        10[01] io_uring_enter (re)

A client sends 64 MiB, and begins to read a second later: all of it comes back, and without one flag
it does not.

  $ start ./one-call 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; (head -c 64M /dev/zero >&5 &); sleep 1
  >   timeout --foreground 5 head -c 64M <&5 | wc -c; exec 5>&-; }
  $ late
  67108864
  $ sed 's/MSG_WAITALL | //' $ROOT/book/solutions/e10_4.cc > half.cc
  $ g++ -std=c++23 -O2 half.cc -luring -o half
  $ start ./half 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ late
  (6[56]\d{6}|670\d{5}) (re)
  $ stop; rm one-call half half.cc
