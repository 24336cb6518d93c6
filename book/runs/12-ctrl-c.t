  $ . "$ROOT/tools/shell.sh"

A thousand clients that say nothing, and the server writes down what it does.

  $ ulimit -Sn 4096
  $ start part6 --trace "$CRAMTMP/trace"
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000
  $ kill -INT $pid; wait $pid; echo "exit status $?"
  exit status 0

Each client has the end of its stream, or head would wait for a byte.

  $ for client in ${clients[@]}; do head -c 1 <&$client; done | wc -c
  0

What has begun, and what has ended.

  $ grep -c '"ph":"b"' "$CRAMTMP/trace"
  [12]\d+ (re)
  $ grep -c '"ph":"e"' "$CRAMTMP/trace"
  [12]\d+ (re)
  $ grep '"asked":"cancel"' "$CRAMTMP/trace" | grep -o '"name":"[a-z]*"' | sort | uniq -c
        1 "name":"poll"
        2 "name":"read"
        1 "name":"timeout"
  $ grep -c '"name":"exchange".*"result":0' "$CRAMTMP/trace"
  1000
