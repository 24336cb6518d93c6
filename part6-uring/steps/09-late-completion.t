  $ cd "$STEPS"

Alice is closed while a read waits for her. Her bytes arrive after bob has connected: the
broken forms take them for bob's.

  $ ./09-late-completion
  broken, the descriptor: bob says "I am alice"
  broken, the address: bob says "I am alice"
  fixed, the operation: nobody we know says "I am alice"
