Skipped where there is no kqueue. Recorded on Linux with libkqueue, as 02-kqueue-hello.t is.

  $ cd "$STEPS"
  $ [ -x 05-kqueue-server ] || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ start ./05-kqueue-server
  listening on 127\.0\.0\.1:\d+ (re)

A client that says nothing keeps nobody waiting.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ echo it is my turn >&5; head -n 1 <&5
  it is my turn

The queue returns a signal, too.

  $ kill -TERM $pid; wait $pid; echo "exit status $?"
  exit status 0
