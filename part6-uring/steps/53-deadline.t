  $ cd "$STEPS"

Ten letters of a message, one every 100 ms, against a limit of 250 ms. Then a message that arrives in
time, while the process is stopped for longer than that.

  $ ./53-deadline
  broken, any byte renews it
    mallory: 10 letters, has left
  fixed, only a message does
    mallory: 2 letters, timed out
  broken, first the clock, then what has arrived
    bob: 3 letters, timed out
  fixed, first what has arrived, then the clock
    bob: 3 letters, has left
