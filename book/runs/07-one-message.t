Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

A thousand clients are connected, and one of them says hi.

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000; calls_while say_hi
  $ grep -B1 -A1 recvfrom calls
  epoll_wait\(\d+, \[\{events=EPOLLIN, data=(\{u32=\d+, u64=\d+\}|0x\w+)\}\], 64, \d+\) = 1 (re)
  recvfrom(6, "\2\0\0\0hi", 65540, 0, NULL, NULL) = 6
  sendto(6, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6

  $ stop
