  $ cd "$STEPS"

How often the cancel gave each answer, and where the byte was in the end. None is lost: the read
has it, or it is still in the socket.

  $ ./14-cancel-race
                        0  -ENOENT  -EALREADY  received  in socket  lost
  a byte had come       0     1000          0      1000          0     0
  no byte comes      1000        0          0         0          0     0
  a byte comes now +([1-9]\d*) +([1-9]\d*) +0 +\2 +\1 +0 (re)
  a worker waits +\d+ +\d+ +[1-9]\d* +0 +0 +0 (re)
