  $ . "$ROOT/tools/shell.sh"

  $ start part5 --read-timeout 2s --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

It has taken no byte for its two seconds. Where the client's kernel took some after the last send, it has had them twice.

  $ sleep 4; ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  $ sed 's/.*closed: /closed: /' log | tail -n 1
  closed: timed out

  $ exec 5>&-
  $ stop
