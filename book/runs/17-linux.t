Names that only Linux has, or not every system: which of them are in which part.

  $ cd "$ROOT"
  $ names='(linux/\w+|liburing|sys/\w+fd|sys/epoll|malloc)\.h|accept4|SOCK_CLOEXEC|SOCK_NONBLOCK'
  $ names="$names|ENONET|SIOCOUTQ|TCP_INFO|mallopt|sigtimedwait|timer_create|pthread_setattr_default_np"
  $ for part in common part?-*; do
  >   echo $part: $(grep -rhowE --include=*.{cc,h} --exclude-dir={steps,examples} "$names" $part | LC_ALL=C sort -u)
  > done
  common: ENONET SIOCOUTQ SOCK_CLOEXEC SOCK_NONBLOCK TCP_INFO accept4 linux/sockios.h malloc.h mallopt sigtimedwait timer_create
  part1-blocking: SOCK_CLOEXEC accept4
  part2-threads: SOCK_CLOEXEC accept4 pthread_setattr_default_np
  part3-nonblocking: SOCK_CLOEXEC SOCK_NONBLOCK accept4
  part4-poll: SOCK_CLOEXEC SOCK_NONBLOCK accept4 sys/eventfd.h
  part5-epoll: SOCK_CLOEXEC SOCK_NONBLOCK accept4 sys/epoll.h sys/eventfd.h
  part6-uring: SOCK_CLOEXEC accept4 liburing.h linux/io_uring.h linux/stat.h sys/epoll.h sys/eventfd.h
