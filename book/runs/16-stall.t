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

An open loop has a connection for each message that is due, so each message of the stall is seen.

  $ stall; ./01-when-due $port 200
  a second  answers         p50         p99         max  sent late, p99  connections
       200 +5\d\d +\d{1,3}\.\d\d ms +(9|1\d)\d\d\.\d\d ms +(9|1\d)\d\d\.\d\d ms +\d+\.\d\d ms +[12]\d\d (re)

  $ stop
