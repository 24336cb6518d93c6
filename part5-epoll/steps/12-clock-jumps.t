  $ cd "$STEPS"

The timeout is 60 s. After 10 s the clock is left alone, set forward an hour, or
set back an hour.

  $ ./12-clock-jumps
  time of day set by     0 s: closed after   60 s (broken), 60 s (fixed)
  time of day set by  3600 s: closed after   10 s (broken), 60 s (fixed)
  time of day set by -3600 s: closed after 3660 s (broken), 60 s (fixed)
