  $ . "$ROOT/tools/shell.sh"

An answer takes 10 ms of a processor. One loop gives a hundred clients theirs one after the other,
and two use as much of a processor, together.

  $ page 17-full-loops full; build full && start ./full 0 1
  listening on 127\.0\.0\.1:\d+ (re)
  $ all() { for c in "${clients[@]}"; do echo hi >&$c; done
  >   for c in "${clients[@]}"; do read -ru $c; done; }
  $ crowd 100; TIMEFORMAT='%R s'; time all; processor_time
  \d+\.\d+ s (re)
  (9[5-9]\d|1[01]\d\d) ms (re)
  $ start ./full 0 2; crowd 100; time all; processor_time
  listening on 127\.0\.0\.1:\d+ (re)
  \d+\.\d+ s (re)
  (9[5-9]\d|1[01]\d\d) ms (re)
  $ grep -c tfd: /proc/$pid/fdinfo/* | grep -v ':0'
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)

The hash of SO_REUSEPORT deals evenly, and to a busy loop as to an idle one.

  $ page 11-reuseport-counts counts; build counts && ./counts
  queued for the four: [1-9]\d [1-9]\d [1-9]\d [1-9]\d (re)
  three accept all they get: 1\d\d; the first is busy, and [1-9]\d wait for it (re)

One permit for both loops. A client has it, and a second one waits in the queue of either loop. When
the first leaves, the loop that is woken may be the other.

  $ try() { start ./full 0 2 1 $1 > waits; crowd 1; exec 5<>/dev/tcp/127.0.0.1/$port
  >   echo hi >&5; sleep 0.1; disperse; timeout --foreground 1 head -c 3 <&5 | wc -c; stop; }
  $ for i in 1 2 3 4 5 6 7 8; do try first; done | xargs
  [03]( [03]){7} (re)
  $ for i in 1 2 3 4 5 6 7 8; do try; done | xargs
  3 3 3 3 3 3 3 3
  $ stop
