  $ . "$ROOT/tools/shell.sh"

  $ start part3
  listening on 127\.0\.0\.1:\d+ (re)

Nobody is connected, and nothing happens.

  $ processor_time; sleep 2; processor_time
  \d+ ms (re)
  [1-9]\d\d+ ms (re)

  $ stop
