  $ cd "$STEPS"

a is closed while a read waits for it. Its bytes come all the same, after b has
come: the broken forms take them for b's.

  $ ./15-late-completion
  broken, the descriptor: b says "I am a"
  broken, the address: b says "I am a"
  mended, the operation: nobody we know says "I am a"
