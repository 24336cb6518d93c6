Skipped before Linux 6.12, which has no incremental buffers.

  $ cd "$STEPS"
  $ ./22-incremental-buffers | grep -q 'needs Linux' && exit 80
  [1]

Three receives of two clients are served by one buffer, each behind the one before. The fourth finds
none until we give the buffer back, and what Alice said has waited in her socket.

  $ ./22-incremental-buffers
  one buffer
    alice  at  0: "I am alice"
    bob    at 10: "I am bob"
    alice  at 18: "and I ", and the buffer is full
    alice  -ENOBUFS
  given back
    alice  at  0: "am back"
