  $ exec 4< <(exec "$BUILD/part5-epoll/part5-epoll" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ stall() { sleep 1; kill -STOP $pid; sleep 1; kill -CONT $pid; }
  $ cd "$BUILD/book/steps/15"

Two clients ask the same server, which stands still for one second of three.

  $ stall & ./03-coordinated-omission $port
                        answers         p50         p99         max
  ask, wait, ask again  +\d{4,7} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from sent +\d{3} +\d\.\d\d ms +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)
  every 5 ms, from due  +\d{3} +\d{1,2}\.\d\d ms +(9|1\d)\d\d\.\d\d ms +(9|1\d)\d\d\.\d\d ms (re)

  $ kill $pid; wait $pid
