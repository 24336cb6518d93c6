  $ cd "$STEPS"
  $ exec 4< <(exec ./01-thread-each 0); server=$!
  $ read -r _ _ address <&4; port=${address#*:}

The first client connects and sends nothing. The second one is answered all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo 'hello from the second' | ncat 127.0.0.1 $port
  hello from the second

The first is still there when it sends its line.

  $ echo 'hello at last' >&5; read -r answer <&5; echo "$answer"
  hello at last
  $ exec 5>&-

  $ kill $server; wait $server
  [143]
