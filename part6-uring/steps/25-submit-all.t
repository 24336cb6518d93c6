  $ cd "$STEPS"

A read of a closed descriptor fails when it is started, and stops nothing. The other four are
refused before, and with each of them the submission ends. Waiting brings nothing then: half of
the batch is still in the ring.

  $ ./25-submit-all
  the second of four is a     without the flag  with SUBMIT_ALL
  nop                         4 taken, 0 left   4 taken, 0 left   -
  read, closed descriptor     4 taken, 0 left   4 taken, 0 left   EBADF
  nop, unknown personality    2 taken, 2 left   4 taken, 0 left   EINVAL
  unknown operation           2 taken, 2 left   4 taken, 0 left   EINVAL
  timeout, negative time      2 taken, 2 left   4 taken, 0 left   EINVAL
  open, name too long         2 taken, 2 left   4 taken, 0 left   ENAMETOOLONG
  broken: submit once         4 entries, 1 submission, 2 completions, and no more
  fixed: until none is left   4 entries, 2 submissions, 4 completions
  fixed: SUBMIT_ALL           4 entries, 1 submission, 4 completions
