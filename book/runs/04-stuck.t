  $ . "$ROOT/tools/shell.sh"

A stop while a client takes no answer: its thread sleeps in send, the one that accepts waits for its
permit, and the one for signals ends the process when the time of the drain is over.

  $ start part2
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ TIMEFORMAT='%R s'; kill $pid; time { sleep 1; ps -L -o wchan:20= -p $pid; wait $pid; }
  \S+ (re)
  \S+ (re)
  \S+ (re)
  (4\.9|5\.)\d+ s (re)
