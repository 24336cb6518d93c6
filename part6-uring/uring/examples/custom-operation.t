  $ echo zero > journal
  $ "$EXAMPLES/custom-operation" journal one two
  $ cat journal
  zero
  one
  two
  $ "$EXAMPLES/custom-operation" /dev/full one
  No space left on device
  [1]
