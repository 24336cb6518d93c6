Skipped where echo-client is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ [ -x "$BUILD/part6-uring/echo-client" ] || exit 80

The client, with two lines from a pipe.

  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf "one\ntwo\n" | $BUILD/part6-uring/echo-client --port $port
  Received: one
  Received: two
  $ stop
