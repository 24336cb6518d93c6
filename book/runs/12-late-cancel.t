Skipped where the steps of part 6 are not built, which need liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps" || exit 80

The server without the line that expects a cancel that came too late: its end is that of a process
that has used a null pointer. Some answers have been sent by then. The program is left nowhere.

  $ trap 'rm -f late late.cc' EXIT

  $ sed '/operation == nullptr/d' $ROOT/part6-uring/steps/46-coroutine-echo.cc > late.cc
  $ g++ -std=c++23 -O2 late.cc -luring -o late
  $ start ./late
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; suspend; sleep 0.5
  $ for c in ${clients[@]}; do printf x >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 1 <&$c; done 2>/dev/null | wc -c
  (\d|[123]\d) (re)
  $ exit_status
  exit status 139

The same with the line. (On a machine so slow that they do not all connect within the limit, the
time of some is up before.)

  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid; sleep 0.5
  $ for c in ${clients[@]}; do printf x >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 1 <&$c; done | wc -c
  (\d|[123]\d|40) (re)
  $ disperse
  $ echo still here | ncat 127.0.0.1 $port
  still here
  $ stop
