  $ cd "$STEPS"

The server stops for one second of three.

  $ ./03-coordinated-omission
                        answers         p50         p99         max
  ask, wait, ask again  +\d{4,7} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from sent +\d{3} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from due  +\d{3} +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
