  $ cd "$STEPS"

The same run, with one place where the connection ends.

  $ ./10-co-await-echo
  received 5
  received 5
  received 2
  received 0
  closed
  the client has "hello, ring bye"
