  $ cd "$STEPS"

How often the cancel gave each answer, and where the byte was in the end. None is lost: the read
has it, or it is still in the socket. Around the byte's time either may be the first, in every row,
and how often depends on the machine and on what else it does, so only the sums are asked for.

  $ ./08-cancel-race
                  the cancel says       the byte is
  when                 0  -ENOENT  received  in socket  lost
  before any byte   1000        0         0          0     0
  with the byte +(\d+) +(\d+) +\2 +\1 +0 (re)
  1 us after it +(\d+) +(\d+) +\2 +\1 +0 (re)
  2 us after it +(\d+) +(\d+) +\2 +\1 +0 (re)
  4 us after it +(\d+) +(\d+) +\2 +\1 +0 (re)
  8 us after it +(\d+) +(\d+) +\2 +\1 +0 (re)
  long after it        0     1000      1000          0     0
