  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

A client sends as much as it can and reads nothing. The server holds a piece of an answer, and sleeps.

  $ start ./13-poll-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ processor_time; sleep 2; processor_time
  \d?0 ms (re)
  \d?0 ms (re)

The others don't notice, and when that client reads, it gets all of its answers.

  $ echo "hello" | ncat 127.0.0.1 $port
  hello
  $ timeout --foreground 1 cat <&5 | wc -c
  \d{7,} (re)

It has 64 clients at most, and a signal ends it.

  $ crowd 70
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 7
  $ kill -TERM $pid; said
  stopped
  $ stop

Out of descriptors, it sleeps.

  $ start ./13-poll-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ prlimit --nofile=8 --pid $pid; crowd 9
  $ processor_time; sleep 2; processor_time
  \d?0 ms (re)
  \d?0 ms (re)
  $ stop
