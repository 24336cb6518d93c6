Skipped where Zig is missing; recorded with Zig 0.11. What macOS lacks of what the servers use, by a
compiler that has its headers. A header of Boost's is left out: what it lacks was taken out of C++.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$ROOT"; command -v zig > /dev/null || exit 80
  $ book/tools/elsewhere.py zig c++ -target aarch64-macos | grep -v library | cut -c 1-76
  common/net/accept.cc           ENONET
  common/net/listen.cc           SOCK_CLOEXEC SOCK_NONBLOCK
  common/net/unacknowledged.cc   <linux/sockios.h> tcp_info TCP_INFO TCP_CLOSE
  common/server/process.cc       <malloc.h> mallopt M_MMAP_THRESHOLD
  common/server/signal_thread.cc sigtimedwait
  common/server/signal_wakeup.cc timer_t itimerspec timer_settime timer_create
  common/server/signal_wakeup.h  timer_t
  part1-blocking/connection.cc   (non-constant-expression cannot be narrow...)
  part1-blocking/server.cc       accept4 SOCK_CLOEXEC
  part2-threads/connection.cc    (non-constant-expression cannot be narrow...)
  part2-threads/server.cc        accept4 SOCK_CLOEXEC pthread_getattr_default_
  part3-nonblocking/server.cc    accept4 SOCK_NONBLOCK SOCK_CLOEXEC
  part4-poll/server.cc           <sys/eventfd.h> accept4 SOCK_NONBLOCK SOCK_CL
  part5-epoll/poller.cc          EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP epoll_crea
  part5-epoll/poller.h           <sys/epoll.h>
  part5-epoll/server.cc          <sys/eventfd.h> accept4 SOCK_NONBLOCK SOCK_CL
  part5-epoll/workers.cc         epoll_create1 epoll_event EPOLLIN epoll_ctl E
  21 of 40 sources compile as they are

The server on kqueue, on the other hand, compiles.

  $ zig c++ -std=c++20 -target aarch64-macos -o "$CRAMTMP/echo-mac" \
  >   $ROOT/book/steps/17/05-kqueue-server.cc; echo "exit status $?"
  exit status 0
