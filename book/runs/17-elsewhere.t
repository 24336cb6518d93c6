Skipped where there is no Zig, whose C++ compiler brings the headers of macOS.

  $ command -v zig > /dev/null || exit 80
  $ cd "$ROOT"
  $ book/tools/elsewhere.py zig c++ -target aarch64-macos
  a library's header             result_of
  common/net/accept.cc        ENONET
  common/net/listen.cc        SOCK_CLOEXEC SOCK_NONBLOCK
  common/net/unacknowledged.cc   <linux/sockios.h> tcp_info TCP_INFO TCP_CLOSE SIOCOUTQ
  common/server/process.cc       <malloc.h> mallopt M_MMAP_THRESHOLD
  common/server/signal_thread.cc sigtimedwait
  common/server/signal_wakeup.cc timer_t itimerspec timer_settime timer_create timer_delete
  common/server/signal_wakeup.h  timer_t
  part1-blocking/connection.cc   (non-constant-expression cannot be narrow...)
  part1-blocking/server.cc       accept4 SOCK_CLOEXEC
  part2-threads/connection.cc    (non-constant-expression cannot be narrow...)
  part2-threads/server.cc        accept4 SOCK_CLOEXEC pthread_getattr_default_np pthread_setattr_default_np jthread
  part3-nonblocking/server.cc    accept4 SOCK_NONBLOCK SOCK_CLOEXEC
  part4-poll/server.cc           <sys/eventfd.h> accept4 SOCK_NONBLOCK SOCK_CLOEXEC eventfd EFD_NONBLOCK EFD_CLOEXEC
  part5-epoll/poller.cc          EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP epoll_create1 EPOLL_CLOEXEC epoll_event epoll_ctl EPOLL_CTL_ADD EPOLL_CTL_MOD EPOLL_CTL_DEL EPOLLEXCLUSIVE epoll_wait
  part5-epoll/poller.h           <sys/epoll.h> epoll_event
  part5-epoll/server.cc          <sys/eventfd.h> accept4 SOCK_NONBLOCK SOCK_CLOEXEC eventfd EFD_NONBLOCK EFD_CLOEXEC
  part5-epoll/workers.cc         epoll_create1 epoll_event EPOLLIN epoll_ctl EPOLL_CTL_ADD jthread
  20 of 39 sources compile as they are
  [1]
