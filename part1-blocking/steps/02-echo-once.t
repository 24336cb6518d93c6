  $ cd "$STEPS"
  $ exec 4< <(exec ./02-echo-once 0); server=$!
  $ read -r _ _ address <&4; port=${address#*:}

The client sends one line and reads until the server closes. It keeps its own side open, and the
server closes all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello >&5
  $ cat <&5
  hello

  $ wait $server; cat <&4
  read 6, written 6, closed
