  $ cd "$STEPS"

The same client, the same four workers, and one wake-up.

  $ ./14-exclusive
  1 client, 1 of 4 workers woken
