  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/book/steps/16"

Two clients ask the same server, which stands still for one second of three.

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ stall; ./03-coordinated-omission $port
                        answers         p50         p99         max
  ask, wait, ask again  +\d{3,7} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from sent +\d{3} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from due  +\d{3} +\d{1,3}\.\d\d ms +(9|1\d)\d\d\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)

  $ stop
