  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

A hundred silent clients: one signal ends the server at once, with status 0.

  $ start ./04-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100
  $ kill $pid; timeout 3 tail -s 0.1 --pid=$pid -f /dev/null && wait $pid

Nor does one byte after the signal cost a client its answers.

  $ start ./04-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ long() { for i in {1..10}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.3; kill $pid; sleep 0.3; printf x >&5
  $ cat <&5 | wc -c
  655400
