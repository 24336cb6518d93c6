  $ cd "$STEPS"

a is closed while a read waits for it. Its bytes arrive after b has connected: the
broken forms take them for b's.

  $ ./15-late-completion
  broken, the descriptor: b says "I am a"
  broken, the address: b says "I am a"
  fixed, the operation: nobody we know says "I am a"
