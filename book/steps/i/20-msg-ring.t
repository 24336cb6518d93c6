  $ cd "$STEPS"

The worker sleeps on a ring with no request in it; each number wakes it, and its
square wakes us.

  $ ./20-msg-ring
  3 sent: 0, answer: 9
  5 sent: 0, answer: 25
  12 sent: 0, answer: 144
  to no ring: -EBADFD
