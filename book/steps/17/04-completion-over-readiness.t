  $ cd "$STEPS"

Each message takes two attempts to receive it, and one epoll_ctl to arm the entry again.

  $ ./04-completion-over-readiness
  one.one.two.two.three.three.
  6 messages: 12 recv, 6 epoll_ctl, 3 epoll_wait
