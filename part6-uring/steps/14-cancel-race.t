  $ cd "$STEPS"

How often the cancel gave each answer, and where the byte was in the end. None is lost: the read
has it, or it is still in the socket. Around the appointment either may be the first, in every row,
and how often depends on the machine and on what else it does, so only the sums are asked for.

  $ ./14-cancel-race | head -8
                        0  -ENOENT  -EALREADY  received  in socket  lost
  a byte had come       0     1000          0      1000          0     0
  8 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  4 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  2 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  1 us after it +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  at its time +(\d+) +(\d+) +0 +\2 +\1 +0 (re)
  no byte comes      1000        0          0         0          0     0

An operation that a worker carries out.

  $ ./14-cancel-race | grep 'EALREADY\|worker' | cut -c 1-43
                        0  -ENOENT  -EALREADY
  a worker waits +\d+ +\d+ +[1-9]\d* (re)
