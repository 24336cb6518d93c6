  $ . "$ROOT/tools/shell.sh"

  $ start part4
  listening on 127\.0\.0\.1:\d+ (re)
  $ processor_time; sleep 2; processor_time
  \d?0 ms (re)
  \d?0 ms (re)

  $ stop
