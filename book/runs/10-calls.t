Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

A hundred messages of one client, each sent when the one before was answered.

  $ count_calls part5
        (99|10\d) epoll_wait (re)
        100 recvfrom
        100 sendto

The same hundred.

  $ count_calls part6
        (19[89]|20\d) io_uring_enter (re)

A ring by hand, with the send and the receive one after the other.

  $ ln -s "$BUILD"/part6-uring/steps/03-echo-one page
  $ count_calls ./page 0
        (19[89]|20\d) io_uring_enter (re)

With both at once.

  $ ln -sf "$BUILD"/part6-uring/steps/19-one-call page
  $ count_calls ./page 0
        (99|10\d) io_uring_enter (re)
