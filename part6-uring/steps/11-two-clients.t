  $ cd "$STEPS"

b is answered while a's line is incomplete. Both halves of a's line meet in `line`.

  $ ./11-two-clients
  b gets: a line
  a gets: half a line, and the rest
  a has left; reads: 2
  b has left; reads: 1
