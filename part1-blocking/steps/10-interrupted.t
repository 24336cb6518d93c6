  $ cd "$STEPS"

A thread blocks in read; another sends it signals, and after twenty of them five bytes to read.
The last line matters to a server with timeouts: whatever the flags of its handlers, it must
expect EINTR.

  $ ./10-interrupted
  plain handler:           Interrupted system call
  SA_RESTART:              read on: hello
  SA_RESTART, timeout:     Interrupted system call
