Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./30-min-wait > /dev/null; [ $? != 80 ] || exit 80

How many messages each wake-up brings, and how long the first was there by then. On a machine
that does something else two of them may come together, or one a wake-up later.

  $ ./30-min-wait
  8 come: wait for 1                 ([1-4] ){5,8}  first seen \d+ ms late (re)
  8 come: wait for 8                 8   first seen \d+ ms late (re)
  8 come: for 8, or 180 ms for less  [3-5] [3-5]   first seen \d+ ms late (re)
  3 come: wait for 8                 3   first seen \d+ ms late (re)
  3 come: for 8, or 180 ms for less  3   first seen \d+ ms late (re)
  1 after 400 ms: the same           1   first seen \d+ ms late (re)
  broken, without a limit            -ETIME -ETIME 1   first seen \d+ ms late (re)
