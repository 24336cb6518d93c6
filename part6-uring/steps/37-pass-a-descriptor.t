  $ cd "$STEPS"

The worker's table has nothing in slot 0, until the kernel puts the connection there.

  $ ./37-pass-a-descriptor
  broken, the number of the slot
    slot 0, worker receives: -EBADF, client hears: -, descriptors used: 0
  mended, what is in the slot
    slot 0, worker receives: 2, client hears: A, descriptors used: 0
    slot 0, worker receives: 2, client hears: B, descriptors used: 0
    slot 0, worker receives: 2, client hears: A, descriptors used: 0
    slot 0, worker receives: 2, client hears: B, descriptors used: 0
