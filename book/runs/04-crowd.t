  $ . "$ROOT/tools/shell.sh"

  $ start part2 --read-timeout 0
  listening on 127\.0\.0\.1:\d+ (re)

The thread that tried at the start whether a small stack is enough was joined, but the kernel may
list it a moment longer.

  $ until [ $(ls /proc/$pid/task | wc -l) = 2 ]; do sleep 0.05; done
  $ sleep 1; memory; grep KernelStack /proc/meminfo
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 2
  KernelStack: +\d+ kB (re)
  $ crowd 1000
  $ memory
  VmSize: \d+ (re)
  VmRSS: \d{5} (re)
  Threads: 1002
  $ grep KernelStack /proc/meminfo
  KernelStack: +\d{5,} kB (re)

  $ stop
