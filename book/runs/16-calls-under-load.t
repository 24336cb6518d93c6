Skipped where perf (Debian: linux-perf) is missing or may not look into the kernel, or where
the target bench is not built.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ perf stat -e raw_syscalls:sys_enter true > said 2>&1 && [ -x $BUILD/tests/bench/load ] || exit 80

Calls a message while ten clients never stop asking, as for the processor time of M16.1. The busier
the machine is with other things, the fewer clients have asked when the ring is looked at: one call
each, in the end.

  $ client="$BUILD/tests/bench/load --connections 10 --bytes 64 --duration 1s"
  $ count() {
  >   perf stat -x , -o calls -e raw_syscalls:sys_enter -p $pid $client --port $port > found
  >   awk -F '[,:]' '/enter/ {calls = $1} /messages/ {print calls / $2}' calls found
  > }
  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ count
  (0\.\d+|1|1\.0\d*) (re)
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ count
  (2|2\.\d+) (re)
  $ stop
