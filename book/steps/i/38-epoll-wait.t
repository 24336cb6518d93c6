Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./38-epoll-wait > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

In each turn the old part has an event, and the new one a completion.

  $ ./38-epoll-wait
  a ring watched by epoll: 10 turns, 20 calls
  epoll polled by a ring:  10 turns, 20 calls
  epoll_wait as a request: 10 turns, 10 calls
