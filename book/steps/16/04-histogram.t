  $ cd "$STEPS"

A hundred thousand latencies in ten seconds; three thousand, all in one second, are 200 ms longer.

  $ ./04-histogram
  mean                  6100 us
  mean of ten p99      20119 us
  p50, sorted            100 us, from ten histograms    100 us
  p95, sorted            119 us, from ten histograms    116 us
  p99, sorted         200106 us, from ten histograms 196608 us
