  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Two permits: two clients are served at the same time, and the third one when one of them has left.

  $ start ./07-stop-them-all 0 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 1 127.0.0.1 $port
  Ncat: Idle timeout expired (1000 ms).
  [1]
  $ disperse
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

A hundred silent clients: one signal ends the server at once, with status 0.

  $ start ./07-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100
  $ kill $pid; timeout 3 tail -s 0.1 --pid=$pid -f /dev/null && wait $pid
