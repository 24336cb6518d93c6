  $ cd "$STEPS"

The kernel takes what it has room for, and no more. write_all gives up, with the answer cut off in
the middle. flush is called again whenever the client has read, and sends all of it.

  $ ./02-partial-write
  write_all: Resource temporarily unavailable
  write_all: the client has [1-9]\d{3,5} of 4194304 bytes (re)
  flush, ([2-9]|\d\d+) calls: the client has 4194304 of 4194304 bytes (re)
