  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

The server takes any free port and says which.

  $ start ./02-poll-server
  listening on 127\.0\.0\.1:\d+ (re)

The first client connects and sends nothing. The second is served all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo "hello" | ncat 127.0.0.1 $port
  hello

Now the first one sends, and is answered.

  $ echo "at last" >&5; read -r answer <&5; echo "$answer"
  at last

It leaves, and the server goes on.

  $ exec 5>&-
  $ echo "hello again" | ncat 127.0.0.1 $port
  hello again

Of its 64 entries the listener has one: of seventy clients seven wait in the backlog.

  $ crowd 70
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 7
  $ stop

With descriptors for four clients, it never sleeps while others wait.

  $ start ./02-poll-server
  listening on 127\.0\.0\.1:\d+ (re)
  $ prlimit --nofile=8 --pid $pid; crowd 9
  $ processor_time; sleep 2; processor_time
  \d+0 ms (re)
  \d{3,} ms (re)
  $ stop
