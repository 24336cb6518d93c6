  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Two loops answer forty clients, and the hash has dealt some to each: that many descriptors are
watched by an epoll beside its listener and its eventfd.

  $ start ./28-page-with-loops 0 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40
  $ for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done
  $ for c in ${clients[@]}; do head -c 6 <&$c; done | wc -c
  240
  $ grep -c tfd: /proc/$pid/fdinfo/* | grep -v ':0'
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)
  $ kill $pid; wait $pid; echo "exit status $?"
  exit status 0
