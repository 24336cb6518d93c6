  $ cd "$STEPS"

One result wakes the loop. Ten results that come while it is busy wake it once.

  $ ./09-eventfd-wakeup
  woken by the other thread: 1 result
  woken once: 10 results
  asked again: 0 ready
