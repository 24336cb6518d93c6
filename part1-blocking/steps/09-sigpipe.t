  $ cd "$STEPS"

The same send to a peer that has closed, in two child processes.

  $ ./09-sigpipe
  flags 0: killed by SIGPIPE
  MSG_NOSIGNAL: lives, send said Broken pipe
