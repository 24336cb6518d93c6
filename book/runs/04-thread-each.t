  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

The first client has been answered, and then says nothing. The second is answered, too.

  $ start ./02-thread-each 0 --read-timeout 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1; say_hi
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

The second client's thread has ended. Whom do a hundred messages of the first one wake?

  $ until [ $(ls /proc/$pid/task | wc -l) = 2 ]; do sleep 0.05; done
  $ awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d (re)
  $ rounds 100; awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: 1\d\d (re)

A thousand clients that say nothing.

  $ start ./02-thread-each
  listening on 127\.0\.0\.1:\d+ (re)
  $ memory; grep KernelStack /proc/meminfo
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 1
  KernelStack: +\d+ kB (re)
  $ crowd 1000
  $ memory
  VmSize: \d+ (re)
  VmRSS: \d{5} (re)
  Threads: 1001
  $ grep KernelStack /proc/meminfo
  KernelStack: +\d{5,} kB (re)

At most two clients, and two that are silent: the third one waits in the backlog, until they leave.

  $ start ./02-thread-each 0 --max-connections 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 2
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; timeout 2 cat <&5
  [124]
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1
  $ disperse; head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi

  $ stop
