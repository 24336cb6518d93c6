  $ cd "$STEPS"

Pointers: d, who has only just come, is closed for a hang-up that was b's, and
takes c along. Tokens: the same event finds nobody, and c and d stay.

  $ ./07-stale-in-batch
  broken, pointers
    a and b connect
    hang-up of a
    a and b are closed
    c and d connect
    hang-up of d
    c and d are closed
  mended, tokens
    a and b connect
    hang-up of a
    a and b are closed
    c and d connect
    hang-up of nobody we know
