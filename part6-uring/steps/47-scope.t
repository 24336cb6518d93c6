  $ cd "$STEPS"

Alice leaves by herself. What carol has said before the cancel is not lost to it, and her next
receive ends without the kernel. The join waits for the last line of each.

  $ ./47-scope
  alice says "hi"
  alice: has left
  cancel, with 2 in the scope
  carol says "wait"
  carol: ECANCELED
  bob: ECANCELED
  joined, with 0 in the scope
