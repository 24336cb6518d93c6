Skipped where fingerd is not built.

  $ build=$STEPS/../../..; fingerd=$build/finger/fingerd
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$build/CMakeCache.txt" || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ mkdir -p users/alice; echo 'In May.' > users/alice/.plan; chmod -R a+rX .
  $ gate() { exec "$STEPS/05-gate" "$PWD/gate" 0 "$fingerd" --log none --users users; }
  $ serving() { until [ "$(grep -cs 'serving' "$1")" = 1 ]; do sleep 0.05; done; }

The first gate binds a port, and its server is handed the socket.

  $ gate > 1 2> said1 & first=$!
  $ serving said1; port=$(sed 's/.*://' 1)
  $ ask 'alice\r\n'
  In May.^M$

A client is connected to that server when the second gate comes. It is handed the same socket, so
the port is the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ gate > 2 2> said2 & second=$!
  $ serving said2; cmp 1 2

The first server still serves the client that it has, and then it ends, with its gate.

  $ printf 'alice\r\n' >&5; cat -A <&5; exec 5>&-
  In May.^M$
  $ wait $first; echo $?
  0
  $ ask 'alice\r\n'
  In May.^M$

A third, whose server does not start, changes nothing.

  $ "$STEPS/05-gate" "$PWD/gate" 0 "$fingerd" --users nowhere 2> said3; echo $?
  1
  $ ask 'alice\r\n'
  In May.^M$

A gate passes the signals on by which it is stopped.

  $ kill $second; wait $second; echo $?
  0
