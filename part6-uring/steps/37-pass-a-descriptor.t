  $ cd "$STEPS"

The worker's table has nothing in slot 0, until the kernel puts the connection there.

  $ ./37-pass-a-descriptor
  broken, the number of the slot
    our slot 0; the worker receives: EBADF; the client hears: -
  fixed, what is in the slot
    our slot 0; the worker receives: hi; the client hears: A
    our slot 0; the worker receives: hi; the client hears: B
