  $ . "$ROOT/tools/shell.sh"

A limit costs nothing before there are clients; a pool has all its threads from the start.

  $ start part2 --max-connections 1000; sleep 1; memory
  listening on 127\.0\.0\.1:\d+ (re)
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 2
  $ start part2 --workers 1000; sleep 1; memory
  listening on 127\.0\.0\.1:\d+ (re)
  VmSize: \d+ (re)
  VmRSS: \d{5} (re)
  Threads: 1002

  $ stop
