  $ cd "$STEPS"

A server that is killed has two of the four clients, now and then one or none.

  $ ./04-rolling
  killed         [1-9]\d? of \d{2,} unanswered (re)
  drained first  0 of \d{2,} unanswered (re)
