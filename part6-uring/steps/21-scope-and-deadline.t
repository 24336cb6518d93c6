  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ trap 'rm -f unflagged{,.cc} unjoined{,.cc} unasked{,.cc}' EXIT

A limit for each receive lets a client that dribbles get all of its message in, and more.

  $ start ./17-coroutine-echo 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { printf '\20\0\0\0'; while printf x; do sleep 0.1; done; }
  $ TIMEFORMAT='%R s'
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 | { time wc -c <&5; }
  20
  (1\.9|[2-9]\.)\d+ s (re)

With a deadline for the message the client leaves in time. Those whose message has arrived while the
process was suspended stay. It takes four reads: the last two would begin after the deadline.

  $ start ./21-scope-and-deadline 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 | { time wc -c <&5; }
  0
  [01]\.\d+ s (re)
  $ start ./21-scope-and-deadline 0 --read-timeout 2s
  listening on 127\.0\.0\.1:\d+ (re)
  $ message() { printf '\20\47\0\0'; head -c 10000 /dev/zero; }
  $ crowd 40; kill -STOP $pid
  $ for c in ${clients[@]}; do message >&$c; done; sleep 2.5; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 10004 <&$c; done | wc -c
  400160

A stop of the server without a scope, and of the one with it.

  $ start ./17-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid
  $ for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done; kill -INT $pid; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 6 <&$c; done 2>/dev/null | wc -c
  0
  $ exit_status
  exit status 0
  $ start ./21-scope-and-deadline
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid
  $ for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done; kill -INT $pid; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 6 <&$c; done | wc -c
  240
  $ exit_status
  exit status 0

Without the flag, a task that was cancelled begins what no cancel is for.

  $ sed '/cancelled = true/d' $ROOT/part6-uring/steps/21-scope-and-deadline.cc > unflagged.cc
  $ g++ -std=c++23 -O2 unflagged.cc -luring -o unflagged
  $ start ./unflagged 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -INT $pid; timeout 2 tail --pid=$pid -f /dev/null; echo $?
  124
  $ kill -KILL $pid

A client that takes none of its answers holds up the stop for as long as that may take.

  $ start ./21-scope-and-deadline 0 --drain-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ TIMEFORMAT='%R s'; time { kill -INT $pid; wait $pid; }; echo "exit status $?"
  [1-9]\.\d+ s (re)
  exit status 0

A scope that goes while a child of it is at work ends the process.

  $ sed '/last.join/d' $ROOT/part6-uring/steps/21-scope-and-deadline.cc > unjoined.cc
  $ g++ -std=c++23 -O2 unjoined.cc -luring -o unjoined
  $ start ./unjoined 0 2>/dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -INT $pid; wait $pid; echo "exit status $?"
  exit status 134

Without the look at the socket, the clients whose message has arrived are sent away.

  $ sed '/got = recv/d' $ROOT/part6-uring/steps/21-scope-and-deadline.cc > unasked.cc
  $ g++ -std=c++23 -O2 unasked.cc -luring -o unasked
  $ start ./unasked 0 --read-timeout 2s
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40; kill -STOP $pid
  $ for c in ${clients[@]}; do message >&$c; done; sleep 2.5; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 10004 <&$c; done 2>/dev/null | wc -c
  0
  $ stop
