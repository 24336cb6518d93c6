  $ cd "$STEPS"

The same run, with one end for all that is over.

  $ ./10-co-await-echo
  received 5
  received 5
  received 2
  received 0
  closed
  the client has "hello, ring bye"
