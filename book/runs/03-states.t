Skipped where ss is missing, or the steps are not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps" || exit 80
  $ command -v ss > /dev/null || exit 80

The server is stopped while a client connects and closes: its connection waits for its close.
(FIN-WAIT-1 until its kernel has acknowledged the end, which takes a busy machine a moment.)

  $ start ./03-echo-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; exec 5<>/dev/tcp/127.0.0.1/$port; exec 5>&-
  $ ss -tnH exclude time-wait "sport = :$port or dport = :$port" | awk '{print $1, $4, $5}' | sort -r
  LISTEN 127\.0\.0\.1:\d+ 0\.0\.0\.0:\* (re)
  FIN-WAIT-[12] 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  CLOSE-WAIT 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  $ kill -CONT $pid; stop
