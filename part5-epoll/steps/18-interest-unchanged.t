  $ cd "$STEPS"

Both forms end when epoll_wait has reported nothing for 100 ms. In the broken one alice has read
everything that was sent, there is room for the rest, and nobody says so.

  $ ./18-interest-unchanged
  broken: asleep; alice has [1-9]\d{3,5} bytes, and we hold [1-9]\d{3,5} (re)
  fixed: asleep; alice has 1000000 bytes, and we hold 0
