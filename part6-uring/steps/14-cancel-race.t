  $ cd "$STEPS"

How often the cancel gave each answer. No byte is lost: the read has it, or it is still
in the socket. And none comes late: after the read's own completion the kernel does not
write into its buffer any more.

  $ ./14-cancel-race
                         0  -ENOENT  -EALREADY  others   lost   late
  a byte had come        0     1000          0       0      0      0
  no byte comes       1000        0          0       0      0      0
  a byte comes now +[1-9]\d* +[1-9]\d* +0 +0 +0 +0 (re)
  a worker waits +\d+ +\d+ +[1-9]\d* +0 +0 +0 (re)
