  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

A client sends as much as it can and reads nothing. The server holds a piece of an answer, and sleeps.

  $ start ./08-poll-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ processor_time; sleep 2; processor_time
  \d+ ms (re)
  \d+ ms (re)

The others don't notice, and when that client reads, it gets all of its answers.

  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ timeout --foreground 1 cat <&5 | wc -c
  \d{7,} (re)

A signal ends it.

  $ kill $pid; wait $pid; echo "exit status $?"
  exit status 0

Out of descriptors, it sleeps.

  $ start ./08-poll-loop 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ prlimit --nofile=8 --pid $pid; crowd 9
  $ processor_time; sleep 2; processor_time
  \d?0 ms (re)
  \d?0 ms (re)

At the limit, the others wait.

  $ start ./08-poll-loop 0 --max-connections 64; crowd 70
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 6
  $ stop

A client that says nothing gets a second here, one that sends a byte now and then no more than that.

  $ start ./08-poll-loop 0 --read-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ TIMEFORMAT='%R s'; exec 5<>/dev/tcp/127.0.0.1/$port; time cat <&5
  [01]\.\d{3} s (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done 2> /dev/null
  $ wc -c <&5
  0
  $ stop

One with a message gets a new deadline.

  $ start ./08-poll-loop 0 --read-timeout 3s
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; for i in {1..7}; do printf '\0\0\0\0' >&5; sleep 0.5; done; wc -c <&5
  28
  $ stop
