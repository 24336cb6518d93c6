Skipped where the steps are not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps" || exit 80

The client sends more than the server's buffer holds and shuts down its sending side immediately, as
ncat does at the end of its input. Every byte still comes back.

  $ start ./03-echo-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ yes | head -c 100000 | ncat 127.0.0.1 $port | wc -c
  100000
  $ stop
