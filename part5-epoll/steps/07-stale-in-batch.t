  $ cd "$STEPS"

Pointers: d, which has only just connected, is closed for b's hang-up, and c with it.
Tokens: the lookup for the same event finds nothing, and c and d stay.

  $ ./07-stale-in-batch
  broken, pointers
    a and b connect, generation 0
    hang-up of a
    a and b are closed
    c and d connect, generation 1
    hang-up of d
    d and c are closed
  fixed, tokens
    a and b connect, generation 0
    hang-up of a
    a and b are closed
    c and d connect, generation 1
    hang-up of nobody we know
