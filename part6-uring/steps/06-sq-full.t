  $ cd "$STEPS"

The broken form stops at four. The fixed form submits 25 times four, and has all
hundred in flight together: none has completed before the bytes come.

  $ ./06-sq-full
  broken: submits 1, reads in flight 4, completed 0
    bytes come 4, completed 4
  fixed: submits 25, reads in flight 100, completed 0
    bytes come 100, completed 100
