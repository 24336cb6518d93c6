  $ . "$ROOT/tools/shell.sh"

  $ start part1 2> log
  listening on 127\.0\.0\.1:\d+ (re)

Once it sleeps in accept, it has a number for the next client, and gets no other.

  $ sleep 1; prlimit --nofile=4: --pid $pid; printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ sleep 2.5; cat log
  cannot accept: Too many open files
  cannot accept: Too many open files \(and \d+ times more\) (re)
  cannot accept: Too many open files \(and \d+ times more\) (re)

A descriptor is free: the next client is served.

  $ prlimit --nofile=64: --pid $pid; printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
