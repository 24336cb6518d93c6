  $ cd "$STEPS"

Each "then" is a wake-up. Accepting one client leaves three, and the next poll reports
them immediately, until none waits. Accepting all of them takes a single wake-up.

  $ ./09-accept-one
  at most  1 a wake-up: 4 wait, then 3, then 2, then 1, then 0; asleep
  at most 10 a wake-up: 4 wait, then 0; asleep
