  $ cd "$STEPS"

Twelve bytes through a buffer of five, then the end of the stream.

  $ ./08-callbacks
  received 5
  received 5
  received 2
  received 0
  closed
  the client has "hello, ring bye"
