  $ "$EXAMPLES/race"
  the right was first
  left: cancelled
  right: hello
  left: timed out
