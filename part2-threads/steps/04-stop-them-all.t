  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

A hundred silent clients: one signal ends the server at once, with status 0.

  $ start ./04-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100
  $ kill $pid; timeout 3 tail -s 0.1 --pid=$pid -f /dev/null && wait $pid
