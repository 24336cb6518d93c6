  $ cd "$STEPS"

Two clients, each sending a line in two pieces, taking turns. After every piece the one thread calls
advance for both. What a client has said so far survives in its Connection, whoever speaks next.

  $ ./03-state-moves
  read_line: returns "alice"
  advance:    keeps    "al"    keeps      ""
  advance:    keeps    "al"    keeps     "b"
  advance:  returns "alice"    keeps     "b"
  advance:    keeps      ""  returns   "bob"
