Skipped where bpftrace is missing or may not look, which takes root; and where the server has no
probes, because <sys/sdt.h> was missing when it was built.

  $ . "$ROOT/tools/shell.sh"
  $ bpftrace -e 'BEGIN { exit(); }' > /dev/null 2>&1 || exit 80
  $ readelf -n "$BUILD/part6-uring/part6-uring" | grep -q six_servers || exit 80
  $ start part6
  listening on 127\.0\.0\.1:\d+ (re)
  $ script=$ROOT/part6-uring/ring_server/connections.bt
  $ looking=$(bpftrace -p $pid $script /proc/$pid/exe > told 2>&1 & echo $!)
  $ until grep -qs ^[0-9] told; do sleep 1; done
  $ crowd 1; rounds 3; sleep 2; disperse
  $ printf '\2\0\0\0h' | ncat 127.0.0.1 $port; sleep 1
  127\.0\.0\.1:\d+: closed: stream ended inside a message (re)
  $ kill -INT $looking; tail -f --pid $looking told > /dev/null
  $ sed -n '/@ended/p; /@open_ms/,$p' told | awk '/@/ {$1 = $1; print}'
  @ended\[(left|cut_short)\]: 1 (re)
  @ended\[(left|cut_short)\]: 1 (re)
  @open_ms:
  \[.+ \d+ \|@+\| (re)
  \[.+ \d+ \|@+\| (re)
  $ stop
