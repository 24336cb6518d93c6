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

Where a crowd has all descriptors, accepting goes on when some have left.

  $ (ulimit -n 12; exec "$EXAMPLES/echo-server" > crowd) &
  $ server=$!
  $ until grep -qs listening crowd; do sleep 0.05; done
  $ port=$(sed 's/.*://' crowd)
  $ for i in $(seq 15); do exec {fd}<>/dev/tcp/127.0.0.1/$port; fds+=($fd); done
  $ sleep 0.5
  $ for fd in "${fds[@]}"; do exec {fd}>&-; done
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ kill $server
  $ wait $server
