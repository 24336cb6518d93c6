  $ "$EXAMPLES/deadlines"
  late: 500 of 1000
