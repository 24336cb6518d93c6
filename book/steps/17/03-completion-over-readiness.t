  $ cd "$STEPS"

A short message takes two attempts to receive it, and one epoll_ctl to arm the entry again; or one
attempt, if epoll is asked at once. But one that is larger than the buffer then takes a turn of the
loop for each piece.

  $ ./03-completion-over-readiness
    3 bytes, tries first:     12 recv +  6 epoll_ctl + 3 epoll_wait = 21
    3 bytes, registers first:  6 recv +  6 epoll_ctl + 3 epoll_wait = 15
  150 bytes, tries first:     24 recv +  6 epoll_ctl + 3 epoll_wait = 33
  150 bytes, registers first: 18 recv + 18 epoll_ctl + 9 epoll_wait = 45
