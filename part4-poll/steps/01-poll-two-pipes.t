  $ cd "$STEPS"

One call, two pipes. The number that poll returns says how many entries to look
at; `revents` says which. Bytes that stay unread are reported again.

  $ ./01-poll-two-pipes
  nothing written    poll returns 0   a: -        b: -
  4 bytes into b     poll returns 1   a: -        b: POLLIN
  asked again        poll returns 1   a: -        b: POLLIN
  4 bytes into a     poll returns 2   a: POLLIN   b: POLLIN
  2 bytes out of b   poll returns 2   a: POLLIN   b: POLLIN
  b read empty       poll returns 1   a: POLLIN   b: -
