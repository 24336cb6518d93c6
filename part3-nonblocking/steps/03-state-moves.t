  $ cd "$STEPS"

Two clients, each sending a line in two pieces, taking turns. After every piece the one thread calls
advance for both. What a client has sent so far survives in its Connection, whichever sends next.

  $ ./03-state-moves
  read_line: returns "alice"
  advance:    keeps    "al"    keeps      ""
  advance:    keeps    "al"    keeps     "b"
  advance:  returns "alice"    keeps     "b"
  advance:    keeps      ""  returns   "bob"
