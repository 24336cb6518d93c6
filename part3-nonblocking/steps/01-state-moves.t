  $ cd "$STEPS"

Two clients, each sending a line in two pieces, taking turns. After every piece the one thread calls
go_on for both. What a client has sent so far survives in its LineReader, whichever sends next.

  $ ./01-state-moves
  read_line: returns "alice"
  go_on:      keeps    "al"    keeps      ""
  go_on:      keeps    "al"    keeps     "b"
  go_on:    returns "alice"    keeps     "b"
  go_on:      keeps      ""  returns   "bob"
