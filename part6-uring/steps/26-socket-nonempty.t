  $ cd "$STEPS"

The peer waits until a receive is under way, and then sends one message, four, or all. A new
connection has no receive before, so the first is tried in vain. At the end of a stream a TCP
socket says "nonempty" too: there is something to receive, and it is that end.

  $ ./26-socket-nonempty
  100 messages, 1 at a time
    try first    200 tries, 100 in vain, 100 put off
    poll first   100 tries,   0 in vain, 100 put off
    by flag      101 tries,   1 in vain, 100 put off
  100 messages, 4 at a time
    try first    125 tries,  25 in vain,  25 put off
    poll first   100 tries,   0 in vain, 100 put off
    by flag      101 tries,   1 in vain,  25 put off
  100 messages, 100 at a time
    try first    101 tries,   1 in vain,   1 put off
    poll first   100 tries,   0 in vain, 100 put off
    by flag      101 tries,   1 in vain,   1 put off
  3 of 5 bytes   nonempty
  the other 2    -
  end of stream  nonempty
