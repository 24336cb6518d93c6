A second client waits while the first says nothing, and has its answer when the first is gone.

  $ . "$ROOT/tools/shell.sh"

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port
  $ printf '\2\0\0\0hi' >&6
  $ timeout --foreground 2 head -c 6 <&6 | xxd
  $ exec 5>&-
  $ head -c 6 <&6 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ exec 6>&-
  $ stop
