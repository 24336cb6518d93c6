Skipped where there is no kqueue. Recorded on Linux with libkqueue, github.com/mheily/libkqueue at
commit f966089, which imitates kqueue on epoll.

  $ cd "$STEPS"
  $ [ -x 02-kqueue-hello ] || exit 80
  $ ./02-kqueue-hello
  four bytes             1  read, data 4
  asked again            1  read, data 4
  no more of these       0
  EV_CLEAR: four bytes   1  read, data 4
  asked again            0
  a timer of 10 ms       1  timer, data 1
  a signal, not sent     0
  a signal, sent         1  signal, data 1
  ourselves              0
  ourselves, triggered   1  user, data 0

The third class of 01-one-poller says what the other two say.

  $ ./01-one-poller-kqueue | grep kqueue
  kqueue   silence          -
  kqueue   a byte for b     b
  kqueue   asked again      b
  kqueue   a's peer closed  ab
  kqueue   b forgotten      a
