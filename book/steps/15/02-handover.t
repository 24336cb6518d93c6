  $ cd "$STEPS"

The old server stops when the new one has said that it serves. One fails before, and nobody notices.
Two more come that are no servers: one says nothing, one hangs up. Of two successors one serves.

  $ ./02-handover
  1 binds the port
  2 is handed the socket
  3 is handed the socket, and fails to start
  4 is handed the socket
  5 is handed the socket
  unanswered: 0 of \d{4,} (re)
  two impostors: harmless
  two successors: one serves
