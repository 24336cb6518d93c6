  $ cd "$STEPS"

How often the cancel gave each answer, and where the byte was in the end. None is lost: the read
has it, or it is still in the socket. Around the byte's time either may be the first, in every row,
and how often depends on the machine and on what else it does, so only the sums are asked for. The
last row has an operation that a worker carries out.

  $ ./14-cancel-race
                       the cancel says                the byte is
  cancelled            0  -ENOENT  -EALREADY  received  in socket  lost
  before any byte   1000        0          0         0          0     0
  with the byte +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  1 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  2 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  4 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  8 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  long after it        0     1000          0      1000          0     0
  a worker waits +\d+ +\d+ +[1-9]\d* +0 +0 +0 (re)
