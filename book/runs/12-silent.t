Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps" || exit 80

A thousand clients that say nothing: each has a buffer in its frame, or none.

  $ ulimit -Sn 4096
  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ memory | grep VmRSS; crowd 1000; memory | grep VmRSS
  VmRSS: \d+ (re)
  VmRSS: \d+ (re)
  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ memory | grep VmRSS; crowd 1000; memory | grep VmRSS
  VmRSS: \d+ (re)
  VmRSS: \d+ (re)

The numbers depend on the machine, but a thousand buffers of 4 KiB would be 4000. (A sanitizer keeps
a shadow of what is touched.)

  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ resident() { memory | awk '/VmRSS/ {print $2}'; }
  $ before=$(resident); crowd 1000; (($(resident) - before < 2000))
  $ stop
