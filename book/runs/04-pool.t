  $ . "$ROOT/tools/shell.sh"

  $ start part2 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)

Two workers and two silent clients: the third one waits.

  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 2 127.0.0.1 $port
  Ncat: Idle timeout expired (2000 ms).
  [1]

The two leave.

  $ disperse
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

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
