  $ . "$ROOT/tools/shell.sh"

The page has no time limit: half of a message keeps it from everybody else.

  $ start $BUILD/part1-blocking/steps/12-whole-server
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0h' >&5
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 3 127.0.0.1 $port
  Ncat: Idle timeout expired (3000 ms).
  [1]

With the other half, both have their answers.

  $ printf i >&5; head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
