Skipped where the steps of part 6 are not built, which need liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part6-uring/steps" || exit 80

The server without the line that expects a cancel that came too late: its end is that of a process
that has used a null pointer, before it has sent an answer. The program is left nowhere.

  $ trap 'rm -f late late.cc' EXIT

  $ sed '/operation == nullptr/d' $ROOT/part6-uring/steps/17-coroutine-echo.cc > late.cc
  $ g++ -std=c++23 -O2 late.cc -luring -o late
  $ start ./late 0 --read-timeout 2s
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; suspend; sleep 2.5
  $ for c in ${clients[@]}; do printf '\1\0\0\0x' >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 5 <&$c; done 2>/dev/null | wc -c
  0
  $ exit_status
  exit status 139

The same with the line.

  $ start ./17-coroutine-echo 0 --read-timeout 2s
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid; sleep 2.5
  $ for c in ${clients[@]}; do printf '\1\0\0\0x' >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 5 <&$c; done | wc -c
  200
  $ disperse
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | wc -c
  6
  $ stop
