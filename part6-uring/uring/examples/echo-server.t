  $ "$EXAMPLES/echo-server" > out &
  $ server=$!
  $ until grep -qs listening out; do sleep 0.05; done
  $ port=$(sed 's/.*://' out)
  $ printf 'hello\nagain\n' | ncat 127.0.0.1 $port
  hello
  again

A client that is connected is served on after SIGTERM; a new one is refused.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello >&5; head -n 1 <&5
  hello
  $ kill $server
  $ until ! ncat --send-only 127.0.0.1 $port </dev/null 2>/dev/null; do sleep 0.05; done
  $ echo again >&5; head -n 1 <&5
  again
  $ exec 5>&-
  $ wait $server
