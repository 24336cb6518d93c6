  $ . "$ROOT/tools/shell.sh"

A client sends half of a message and then nothing. After its time it is closed, without an answer.

  $ start part1 --read-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ half() { printf '\2\0\0\0h' >&5; SECONDS=0; cat <&5; }
  $ half 5<>/dev/tcp/127.0.0.1/$port; echo "closed after $SECONDS s"
  closed after [12] s (re)
  $ stop
