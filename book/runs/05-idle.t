  $ exec 4< <(exec "$BUILD/part4-poll/part4-poll" --port 0); pid=$!
  $ read -r _ _ address <&4; port=${address#*:}

  $ processor_time() { awk '{print 10 * ($14 + $15), "ms"}' /proc/$pid/stat; }
  $ processor_time; sleep 2; processor_time
  \d?0 ms (re)
  \d?0 ms (re)

  $ kill $pid; wait $pid
