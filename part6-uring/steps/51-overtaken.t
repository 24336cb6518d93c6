  $ cd "$STEPS"

The second send waits for room as the first does, and the kernel tries the one that came last first.

  $ ./51-overtaken
  not linked: aba, all sent, all sent
  linked:     ab, all sent, all sent
