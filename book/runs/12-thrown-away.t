Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps" || exit 80

Forty clients whose bytes come when their time is up, but before their receive has been cancelled: a
server that looks at the timeout alone answers none of them.

  $ start ./16-two-in-flight
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid; sleep 0.5
  $ for c in ${clients[@]}; do printf x >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 1 <&$c; done 2>/dev/null | wc -c
  0
  $ disperse; stop
