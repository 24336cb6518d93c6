Skipped where the stage is not built, which needs liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ [[ -x $BUILD/part6-uring/part6-uring ]] || exit 80

A hundred clients are in the middle of a message. One who speaks is answered all the same, and there
is one thread.

  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100; for c in ${clients[@]}; do printf '\2\0\0\0h' >&$c; done
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ memory | grep Threads
  Threads: 1

With the rest, each has its answer.

  $ for c in ${clients[@]}; do printf i >&$c; head -c 6 <&$c; done | wc -c
  600
  $ stop
