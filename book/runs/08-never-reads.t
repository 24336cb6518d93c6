  $ . "$ROOT/tools/shell.sh"

  $ start part5 2> log
  listening on 127\.0\.0\.1:\d+ (re)

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 2 cat /dev/zero >&5
  [124]
  $ ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ awk '/VmRSS/ {print $1, $2}' /proc/$pid/status
  VmRSS: \d{4} (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

  $ exec 5>&-
  $ stop
