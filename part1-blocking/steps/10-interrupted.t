  $ cd "$STEPS"

A thread waits in read; another sends it signals, and after twenty of them five bytes to read. The
last line matters to a server with time-outs: whatever its handlers say, it must expect EINTR.

  $ ./10-interrupted
  plain handler:           Interrupted system call
  SA_RESTART:              read on: hello
  SA_RESTART, time-out:    Interrupted system call
