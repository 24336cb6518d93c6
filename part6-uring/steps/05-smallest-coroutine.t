  $ cd "$STEPS"

Two coroutines on one thread. Each counts until its first co_await while main calls it;
after that the loop lets them take turns.

  $ ./05-smallest-coroutine
  alice counts 1
  bob counts 1
  the loop begins
  alice counts 2
  bob counts 2
  alice counts 3
  bob counts 3
  alice is done
  bob is done
