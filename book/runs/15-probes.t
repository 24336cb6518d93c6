Skipped where bpftrace is missing or may not look, which takes root; and where the daemon has no
probes, because <sys/sdt.h> was missing when it was built.

  $ . "$ROOT/tools/shell.sh"
  $ bpftrace -e 'BEGIN { exit(); }' > /dev/null 2>&1 || exit 80
  $ readelf -n "$BUILD/finger/fingerd" | grep -q six_servers || exit 80
  $ start finger --quiet --addr 127.0.0.1 --users $ROOT/finger/users
  listening on 127\.0\.0\.1:\d+ (re)
  $ script=$ROOT/finger/service/connections.bt
  $ looking=$(bpftrace -p $pid $script /proc/$pid/exe > told 2>&1 & echo $!)
  $ until grep -qs ^[0-9] told; do sleep 1; done
  $ echo alice | ncat 127.0.0.1 $port > answer
  $ crowd 1; sleep 4; disperse
  $ kill -INT $looking; tail -f --pid $looking told > /dev/null
  $ sed -n '/@ended/p; /@open_ms/,$p' told | awk '/@/ {$1 = $1; print}'
  @ended\[(answered|timed_out)\]: 1 (re)
  @ended\[(answered|timed_out)\]: 1 (re)
  @open_ms:
  \[.+ \d+ \|@+\| (re)
  \[.+ \d+ \|@+\| (re)
  $ stop
