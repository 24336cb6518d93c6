  $ . "$ROOT/tools/shell.sh"

There is room for one client. Twenty leave with a part of their answer unread, which makes their kernel
send a reset, and then one is served.

  $ start part5 --max-connections 1 --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; head -c 1 <&5 > /dev/null; exec 5>&-; done
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ grep -c 'closed: Connection reset' log
  20
  $ stop

Twenty more leave in the middle of a message.

  $ start part5 --max-connections 1 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0h' >&5; exec 5>&-; done
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
