  $ cd "$STEPS"

The conversations of three clients wait for input when the loop stops.

  $ ./42-left-over
  broken: forgotten
    a client has nothing, and is still connected
    a client has nothing, and is still connected
    a client has nothing, and is still connected
  broken: destroyed
    a client has end of stream
    a client has end of stream
    a client has end of stream
  fixed: run to their ends
    a client has "bye"
    a client has "bye"
    a client has "bye"
