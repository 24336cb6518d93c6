  $ cd "$STEPS"

The server can answer 500 a second. Messages that come evenly do not wait until then; those that
come at random wait for each other long before. Asked for more than it can do, it falls behind, and
the longer one looks, the larger the latency.

  $ ./02-open-loop
  a second  busy  evenly, p99  at random, p50  at random, p99
       100  20 %       2.0 ms          2.0 ms          4.9 ms
       200  40 %       2.0 ms          2.0 ms          7.0 ms
       300  60 %       2.0 ms          2.7 ms         11.0 ms
       400  80 %       2.0 ms          4.5 ms         22.0 ms
       425  85 %       2.0 ms          5.7 ms         29.4 ms
       450  90 %       2.0 ms          8.0 ms         43.4 ms
       475  95 %       2.0 ms         15.2 ms         96.1 ms
       490  98 %       2.0 ms         38.3 ms        255.9 ms
  1000 for 0.5 s, evenly, p99:  497.0 ms
  1000 for 1.0 s, evenly, p99:  992.0 ms
  1000 for 2.0 s, evenly, p99: 1982.0 ms
