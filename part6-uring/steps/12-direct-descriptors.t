  $ cd "$STEPS"

The result of an open into a given slot is 0, that of an accept is the slot that the
kernel picked. The table has two slots: c is accepted and lost, d waits for a free one.

  $ ./12-direct-descriptors
  open into slot 0: 0; descriptors used: 0
  read slot 0: 6 bytes, Linux
  close slot 0: 0
  read slot 0: -EBADF
  accept a: 0
  accept b: 1
  accept c: -ENFILE; it reads end of stream
  d connects and waits
  close slot 1: 0
  accept d: 1
