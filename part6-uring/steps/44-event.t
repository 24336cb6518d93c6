  $ cd "$STEPS"

Alice's frame is gone when she has run, and the list of those that wait with it: bob
waits for ever. Carol comes when it has happened, and does not wait.

  $ ./44-event
  broken: next is read after resume()
    alice awaits the start
    bob awaits the start
    the start
    alice runs
    carol awaits the start
    carol runs
  fixed: next is read before
    alice awaits the start
    bob awaits the start
    the start
    alice runs
    bob runs
    carol awaits the start
    carol runs
