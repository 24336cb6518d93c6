  $ cd "$STEPS"

Every form is woken once. Only the last one gets everything in both cases; a read that falls
short is enough for ten bytes, and not where the end of the stream came with them.

  $ ./03-et-one-read-hangs
  ten bytes come
    broken: once          woken, read 4, asleep
    broken: until short   woken, read 4, read 4, read 2, asleep
    fixed: until EAGAIN   woken, read 4, read 4, read 2, asleep
  six bytes come, and the end of the stream
    broken: once          woken, read 4, asleep
    broken: until short   woken, read 4, read 2, asleep
    fixed: until EAGAIN   woken, read 4, read 2, the end, asleep
