  $ exec 4< <(exec "$BUILD/part3-nonblocking/part3-nonblocking" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}

Nobody is connected, and nothing happens.

  $ processor_time() { awk '{print 10 * ($14 + $15), "ms"}' /proc/$pid/stat; }
  $ processor_time; sleep 2; processor_time
  \d+ ms (re)
  [1-9]\d\d+ ms (re)

  $ kill $pid; wait $pid
