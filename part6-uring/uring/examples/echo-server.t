  $ "$EXAMPLES/echo-server" > out &
  $ server=$!
  $ until grep -qs listening out; do sleep 0.05; done
  $ port=$(sed 's/.*://' out)
  $ printf 'hello\nagain\n' | ncat 127.0.0.1 $port
  hello
  again
  $ kill $server
