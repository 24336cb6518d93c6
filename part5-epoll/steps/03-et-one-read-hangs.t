  $ cd "$STEPS"

Both forms are woken once for the ten bytes. The broken one reads four and would
wait for ever; the mended one reads until there are none.

  $ ./03-et-one-read-hangs
  broken: woken, read 4, asleep; 6 bytes unread
  mended: woken, read 4, read 4, read 2, asleep; 0 bytes unread
