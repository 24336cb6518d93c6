  $ cd "$STEPS"

The pinger's bytes were there before the first read. Without a budget the program stops asking after
10000 reads; the server would not have.

  $ ./05-firehose
  no budget: 10000 reads, and the pinger still waits
  budget 16:    16 reads, then it was the pinger's turn
