  $ cd "$STEPS"

The server can answer less than 500 a second. Asked for more, it falls behind, and the
longer the measurement, the larger the latency.

  $ ./02-open-loop
     50 a second for 1.0 s: p50 +\d{1,2}\.\d ms, p99 +\d{1,3}\.\d ms (re)
    100 a second for 1.0 s: p50 +\d{1,2}\.\d ms, p99 +\d{1,3}\.\d ms (re)
    200 a second for 1.0 s: p50 +\d{1,2}\.\d ms, p99 +\d{1,3}\.\d ms (re)
   1000 a second for 0.5 s: p50 +\d{3,4}\.\d ms, p99 +([5-9]\d\d|\d{4})\.\d ms (re)
   1000 a second for 1.0 s: p50 +\d{3,4}\.\d ms, p99 +\d{4}\.\d ms (re)
   1000 a second for 2.0 s: p50 +\d{4}\.\d ms, p99 +[2-9]\d{3}\.\d ms (re)
