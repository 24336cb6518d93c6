  $ cd "$STEPS"

Three messages, the middle one empty, make 17 bytes. A stream of 17 bytes has 16 places where it may
be cut or not: 2 to the 16th ways to arrive. The decoder is fed all of them.

  $ ./03-decoder
  3 messages, 17 bytes
  cut in 65536 ways: the same messages in 65536
