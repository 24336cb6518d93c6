  $ . "$ROOT/tools/shell.sh"

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)

A message and the first bytes of another are sent to a server that is not running just now; then it
is told to stop, and goes on.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 6 <&5 > /dev/null
  $ suspend
  $ printf '\3\0\0\0one\3\0\0\0t' >&5
  $ kill -TERM $pid; kill -CONT $pid
  $ xxd <&5
  00000000: 0300 0000 6f6e 65                        ....one
  $ exit_status
  exit status 0
