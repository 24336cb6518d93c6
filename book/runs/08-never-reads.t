  $ . "$ROOT/tools/shell.sh"

  $ start part5 --read-timeout 2s --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 1 cat /dev/zero >&5; ss -tn sport = :$port | awk '{print $1, $2, $3}'
  State Recv-Q Send-Q
  ESTAB [1-9]\d+ [1-9]\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

It has taken no byte for its two seconds. Where the client's kernel took some after the last send, it has had them twice.

  $ sleep 4; sed 's/.*closed: /closed: /' log | tail -n 1
  closed: timed out

The server has closed it, but its kernel keeps the answers and the end of the stream.

  $ ss -tn sport = :$port | awk '{print $1, $2, $3}'
  State Recv-Q Send-Q
  FIN-WAIT-1 0 [1-9]\d+ (re)

Not even the end of the process changes that. The kernel delivers all that send(2) was given.

  $ kill -9 $pid; wait $pid; echo "exit status $?"
  exit status 137
  $ wc -c <&5
  [1-9]\d{5,} (re)

  $ stop
