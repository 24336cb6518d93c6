  $ cd "$STEPS"

Readable, and no bytes: another thread was faster; we have shut down our receiving side; the peer
has closed; a datagram may be empty, and is not the end.

  $ ./10-ready-and-nothing
  another thread is faster         POLLIN  EAGAIN
  we shut down our receiving side  POLLIN  0 bytes
  the peer has closed              POLLIN  0 bytes
  an empty datagram came           POLLIN  0 bytes  5 bytes
