  $ cd "$STEPS"

Alice has left, but a twin of her socket is open. In the broken form its events are reported under her
number, which is bob's by now; taking that number off the list takes bob off it, and the loop never
sleeps until the twin is closed. With EPOLL_CTL_DEL before close the twin does no harm.

  $ ./06-dup-ghost
  broken: close
    alice was descriptor (\d+), and bob is \1 (re)
    boo, from alice's side:      1000 events, 1000 reads in vain
    the number is taken off:     1000 events, 1000 reads in vain
    the twin is closed:             0 events,    0 reads in vain
  fixed: EPOLL_CTL_DEL, then close
    alice was descriptor (\d+), and bob is \1 (re)
    boo, from alice's side:         0 events,    0 reads in vain
    the number is taken off:        0 events,    0 reads in vain
    the twin is closed:             0 events,    0 reads in vain
