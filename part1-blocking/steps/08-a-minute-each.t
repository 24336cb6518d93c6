  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./08-a-minute-each 0 1
  listening on 127\.0\.0\.1:\d+ (re)

Half a message, and then nothing: when its second is over, the client is cut off, and the next one
is served.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\5\0\0\0hel' >&5; cat <&5 | wc -c
  0
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
