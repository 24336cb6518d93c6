  $ . "$ROOT/tools/shell.sh"

A thousand clients that say nothing, and the server writes down what it does.

  $ start part6 --trace "$CRAMTMP/trace"
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000
  $ kill -INT $pid; wait $pid; echo "exit status $?"
  exit status 0

What has begun, and what has ended.

  $ grep '"ph":"b"' "$CRAMTMP/trace" | grep -o '"name":"[a-z]*"' | sort | uniq -c
   +\d+ "name":"poll" (re)
        2 "name":"read"
     1000 "name":"recv"
   +\d+ "name":"timeout" (re)
  $ grep -c '"ph":"e"' "$CRAMTMP/trace"
  [12]\d+ (re)
  $ grep '"asked":"cancel"' "$CRAMTMP/trace" | grep -o '"name":"[a-z]*"' | sort | uniq -c
        1 "name":"read"
     1000 "name":"recv"
  $ grep -c '"name":"recv".*"result":-125' "$CRAMTMP/trace"
  1000

All but the loop's alarm, which goes with the ring.

  $ echo "$(($(grep -c '"ph":"b"' "$CRAMTMP/trace") - $(grep -c '"ph":"e"' "$CRAMTMP/trace")))"
  1

A client that is owed an answer larger than the kernel's buffers. It gets all of it from a server
that is asked to stop, and from one that is killed what the kernel had by then.

  $ start part6 --max-message 16777216
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\0\0\0\1' > "$CRAMTMP/message"; head -c 16777216 /dev/zero >> "$CRAMTMP/message"
  $ exec 5<>/dev/tcp/127.0.0.1/$port; cat "$CRAMTMP/message" >&5; sleep 1
  $ kill -INT $pid; head -c 16777220 <&5 | wc -c
  16777220
  $ wait $pid; echo "exit status $?"
  exit status 0
  $ start part6 --max-message 16777216
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; cat "$CRAMTMP/message" >&5; sleep 1
  $ kill -KILL $pid; head -c 16777220 <&5 | wc -c
  \d{6,7} (re)
