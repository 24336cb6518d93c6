  $ cd "$STEPS"

a was told to stop while its read waited. Destroyed too soon, it leaves a read that
writes where b's coroutine has its order, and b's order is paid to Eve.

  $ ./12-who-destroys-me
  broken: a is destroyed
    b orders: 100 for Bob
    for nobody: 11 bytes
    paid for b: 999 for Eve
  fixed: a is cancelled, has ended, is destroyed
    b orders: 100 for Bob
    paid for b: 100 for Bob
