  $ cd "$STEPS"

No call fails, and no tool complains: a descriptor is a number, and this one is open.

  $ ./03-number-comes-back
  alice's thread reads: alice
  bob's descriptor has the same number
  alice's thread reads: bob's
