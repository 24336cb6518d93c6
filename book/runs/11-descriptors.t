Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps"
  $ start ./17-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)

One descriptor for twenty clients: to accept them fails at once, and the server does not try again at
once, which would be ten thousand calls in this time.

  $ prlimit --nofile=6 --pid $pid; crowd 20
  $ calls_while sleep 1; test $(grep -c io_uring_enter calls) -lt 1000
  $ stop
