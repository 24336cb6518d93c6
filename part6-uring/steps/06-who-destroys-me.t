  $ cd "$STEPS"

Eve was turned away while her read waited. Destroyed too soon, it leaves a read that writes where
Bob's coroutine has his order, and his order is paid to Eve.

  $ ./06-who-destroys-me
  broken: eve is destroyed
    bob orders: 100 for bob
    for nobody: 11 bytes
    paid for bob: 999 for eve
  fixed: eve is cancelled, has ended, is destroyed
    bob orders: 100 for bob
    paid for bob: 100 for bob
