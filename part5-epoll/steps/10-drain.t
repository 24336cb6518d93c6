  $ cd "$STEPS"

Both forms were told to stop while the client's bytes were unread. Only the drain
answers the complete messages; neither waits for the rest of the third.

  $ ./10-drain
  broken: the client gets "", then Connection reset by peer
  fixed: the client gets "one;two;", then end of stream
