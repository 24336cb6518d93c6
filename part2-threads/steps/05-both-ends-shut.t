  $ cd "$STEPS"

Receiving is shut down, as in a stop. If sending is shut down at once, a byte from the client costs
it the answer; if only when the client's kernel has the answer, nothing is lost.

  $ ./05-both-ends-shut
  at once:    +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  $ ./05-both-ends-shut afterwards
  afterwards: 65536 of 65536 bytes, then the end
