  $ . "$ROOT/tools/shell.sh"

A client that sends empty messages and takes no answer: the server is stuck in a send, and the time
of the drain ends it.

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ TIMEFORMAT='%R s'; kill $pid; time wait $pid; echo "exit status $?"
  (4\.9|5\.)\d+ s (re)
  exit status 0
