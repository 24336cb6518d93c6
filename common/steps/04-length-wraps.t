  $ cd "$STEPS"

Nothing but the length has arrived. The empty message is complete; no other is. The check that adds
first is fooled by the largest lengths: for 4294967292 it asks whether 0 bytes are there, and would
go on to hand out a payload of 4 GiB from a buffer of 4 bytes.

  $ ./04-length-wraps
  4 bytes received
      length  length + 4  adding      comparing
           0           4  complete    complete
           1           5  wait        wait
  4294967291  4294967295  wait        wait
  4294967292           0  complete    wait
  4294967295           3  complete    wait
