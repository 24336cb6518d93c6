  $ cd "$STEPS"

In each case epoll_wait returns 1: the byte that came while no thread waited is
reported, level-triggered or edge-triggered.

  $ ./05-not-lost
  the byte came              level  edge
  before it was added            1     1
  between add and wait           1     1
  while it was switched off      1     1
