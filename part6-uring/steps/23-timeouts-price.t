  $ cd "$STEPS"

Ratios to a receive without a timeout, in the same round: the median, the lowest, the highest.

  $ ./23-timeouts-price
  without, again +(0\.9|1\.0)\d \(\d\.\d\d to \d\.\d\d\) (re)
  with a timeout +1\.[1-9]\d \(\d\.\d\d to \d\.\d\d\) (re)
