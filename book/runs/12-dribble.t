  $ . "$ROOT/tools/shell.sh"

A message of 16 bytes, of which one comes every 0.4 seconds. They stop when the connection is gone.

  $ start part6 --read-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { printf '\20\0\0\0'; while printf x; do sleep 0.4; done; }
  $ TIMEFORMAT='%R s'
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 | { time wc -c <&5; }
  0
  1\.[01-6]\d\d s (re)
  $ stop
