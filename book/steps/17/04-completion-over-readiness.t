  $ cd "$STEPS"

Each message takes two attempts to receive it, and one epoll_ctl to arm the entry again; or one
attempt, if epoll is asked at once.

  $ ./04-completion-over-readiness
  tries first:   one.one.two.two.three.three. 12 recv, 6 epoll_ctl, 3 epoll_wait
  asks at once:  one.one.two.two.three.three. 6 recv, 6 epoll_ctl, 3 epoll_wait
