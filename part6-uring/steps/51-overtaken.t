  $ cd "$STEPS"

The second send waits for room as the first does, and the kernel tries the one that came last first.
On Linux 6.1 it is the first that gets all the room.

  $ ./51-overtaken
  not linked: aba?, all sent, all sent (re)
  linked:     ab, all sent, all sent
  $ if [[ $(uname -r) != 6.1.* ]]; then ./51-overtaken | grep -q aba; fi
