  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./01-thread-each
  listening on 127\.0\.0\.1:\d+ (re)

The first client connects and sends nothing. The second one is answered all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo 'hello from the second' | ncat 127.0.0.1 $port
  hello from the second

The first is still there when it sends its line.

  $ echo 'hello at last' >&5; read -r answer <&5; echo "$answer"
  hello at last
  $ exec 5>&-

  $ stop
