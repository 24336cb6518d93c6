  $ cd "$STEPS"

  $ ./19-regular-file
  an empty pipe  poll: not ready  epoll_ctl: ok
  a regular file poll: readable   epoll_ctl: Operation not permitted
