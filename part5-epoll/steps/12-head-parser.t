  $ cd "$STEPS"

A head of 1000 bytes, read whole and byte by byte; two of them, in one read and
in pieces of 700; then a head twice as long, byte by byte. Both forms find the same
heads. Twice the head is four times the work for the broken form.

  $ ./12-head-parser
  bytes  a read   broken: heads  looked at    fixed: heads  looked at
   1000    1000               1       1000               1       1000
   1000       1               1     500500               1       1000
   2000    2000               2       2000               2       2000
   2000     700               2       3100               2       2000
   2000       1               1    2001000               1       2000
