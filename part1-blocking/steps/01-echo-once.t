  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./01-echo-once
  listening on 127\.0\.0\.1:\d+ (re)

The client sends one line and reads until the server closes. It keeps its own side open, and the
server closes all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello >&5
  $ cat <&5
  hello
  $ said
  read 6, written 6, closed
