  $ cd "$STEPS"

Rounded down, less than a millisecond becomes 0. The loop then polls again and again
until the deadline. Rounded up, no wake-up is too early.

  $ ./06-next-deadline
   2500 us left: wait 2 ms rounded down, 3 ms rounded up
    400 us left: wait 0 ms rounded down, 1 ms rounded up
      0 us left: wait 0 ms rounded down, 0 ms rounded up
    -70 us left: wait 0 ms rounded down, 0 ms rounded up
  rounded down  fired bca, \d+ wake-ups before anything was due (re)
  rounded up    fired bca, 0 wake-ups before anything was due
