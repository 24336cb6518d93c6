  $ cd "$STEPS"

No wake-up is for nothing, and the first in line gets every client.

  $ ./10-exclusive
  100 clients, one by one: 100 wake-ups
  accepted by the four: 100 0 0 0
