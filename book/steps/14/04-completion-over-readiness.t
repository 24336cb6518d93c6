  $ cd "$STEPS"

Each message takes two attempts to receive it, and the interest armed anew.

  $ ./04-completion-over-readiness
  one.one.two.two.three.three.
  6 messages: 12 recv, 6 epoll_ctl, 3 epoll_wait
