Skipped where perf, bpftrace or pidstat (Debian: linux-perf, bpftrace, sysstat) is missing, or may
not look into the kernel: that takes root, or CAP_PERFMON and CAP_BPF. Nor does every kernel count
pressure.

  $ . "$ROOT/tools/shell.sh"
  $ perf trace -s true > /dev/null 2>&1 || exit 80
  $ bpftrace -e 'tracepoint:sched:sched_switch { exit() }' > /dev/null 2>&1 || exit 80
  $ command -v pidstat > /dev/null && [[ -r /proc/pressure/cpu ]] || exit 80

A stalled server, by tools that everybody may use.

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ while_asked eval 'stall 0; sleep 0.5; queues | uniq -c; ss -ti "sport = :$port" > sockets'
        1 State Recv-Q Send-Q
       64 ESTAB 68 0
  $ grep -om 1 'lastrcv:[0-9]*' sockets
  lastrcv:\d\d\d (re)

Is it the processor's fault? Other programs may want it, too.

  $ while_asked pidstat -u -p $pid 1 3 | awk 'END {print "runs " $8 " %, is ready " $7 " %"}'
  runs \d+\.\d\d %, is ready \d+\.\d\d % (re)
  $ head -n 1 /proc/pressure/cpu
  some avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d+ (re)

The time in which it did not run. The states are 0 for ready, 1 for asleep, 4 for stopped.

  $ stall 6; while_asked bpftrace -e 'tracepoint:sched:sched_switch {
  >   if (args->prev_pid == $1) { @left = nsecs; @state = args->prev_state }
  >   if (args->next_pid == $1 && @left) { @us[@state] = sum((nsecs - @left) / 1000) }
  > } interval:s:8 { exit() }' $pid 2> bpf-said | grep us | sort
  @us\[0\]: \d+ (re)
  @us\[1\]: \d+ (re)
  @us\[4\]: (9|1\d)\d{5} (re)

A build of the fifth stage that costs more than another. Which function is it that the other does
not call? In the first table, each function has all that it calls.

  $ "$ROOT/serve" part5 --bug interest-set-each-time --version > built 2>&1
  $ cp "$ROOT/build/zoo/bin/interest-set-each-time/part5-epoll/part5-epoll" slow
  $ compare part5 ./slow --rounds 20
  part5: \d+\.\d\d us of processor time a message, by the median (re)
          ratio  interval        slower in
  ./slow  \d\.\d{3}  \d\.\d{3} to \d\.\d{3}  (1[4-9]|20) of 20 +(real|inconclusive) (re)
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ while_asked perf record -q -g -o before -p $pid -- sleep 3
  $ start ./slow --port 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ while_asked perf record -q -g -o after -p $pid -- sleep 3
  $ perf report -i after --children -g none --sort symbol > by-function 2> perf-said
  $ awk '/ (__send|net_rx_action|__libc_recv|epoll_wait) / {print $1, $4}' by-function
  [5-8]\d\.\d\d% __send (re)
  \d+\.\d\d% (net_rx_action|__libc_recv|epoll_wait) (re)
  \d+\.\d\d% (net_rx_action|__libc_recv|epoll_wait) (re)
  \d+\.\d\d% (net_rx_action|__libc_recv|epoll_wait) (re)
  $ perf diff --sort symbol before after 2>> perf-said | grep -m 1 '^ *+'
   +\+\d\.\d\d%  \[k] do_epoll_ctl (re)
  $ stop; rm -f before after slow built by-function perf-said bpf-said sockets
