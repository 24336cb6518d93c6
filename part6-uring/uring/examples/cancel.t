  $ "$EXAMPLES/cancel"
  one: cancelled
  still asleep: 1
  another: cancelled
  still asleep: 0
