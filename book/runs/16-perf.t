Skipped where perf or bpftrace (Debian: linux-perf, bpftrace) is missing or may not look into the
kernel: that takes root, or CAP_PERFMON and CAP_BPF.

  $ . "$ROOT/tools/shell.sh"
  $ perf trace -s true > /dev/null 2>&1 || exit 80
  $ bpftrace -e 'tracepoint:sched:sched_switch { exit() }' > /dev/null 2>&1 || exit 80
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)

Where the processor was when it was looked at: in the kernel, or in our program. Then each
function with all that it calls: the sender's call delivers to the receiver.

  $ while_asked perf record -q -g -o samples -p $pid -- sleep 2
  $ perf report -i samples --stdio --no-children --sort dso -g none 2> /dev/null > by-program
  $ awk '/%/ {printf "%.0f%% %s\n", $1, $2}' by-program | head -n 2
  [6-9]\d% \[kernel\S* (re)
  \d\d?% (part5-epoll|libc\S*) (re)
  $ perf report -i samples --stdio --children --sort symbol -g none 2> /dev/null > by-function
  $ awk '$4 ~ /^(__send|net_rx_action)$/ {printf "%.0f%% %s\n", $1, $4}' by-function
  [4-8]\d% __send (re)
  [1-4]\d% net_rx_action (re)

The stacks, a line for each.

  $ perf report -i samples --stdio --no-children -g folded,0,caller,count -s comm > report 2> /dev/null
  $ sed -nE 's/^([0-9]+) (.*)/\2 \1/p' report > folded; grep -c ';' folded
  \d{2,4} (re)

How often it slept, and what the machine counts, if it lets us: virtual ones usually do not.

  $ while_asked perf stat -o counted -e task-clock,context-switches,instructions -p $pid -- sleep 1
  $ awk '/task|switches|instr/ {print $1, $2, $3}' counted
  [0-9.,]+ msec task-clock (re)
  [\d,]+ context-switches .* (re)
  (<not supported> instructions|[\d,]+ instructions.*) (re)

Each system call, and how long it took, waiting included.

  $ while_asked perf trace -s -p $pid -- sleep 1 > times 2>&1
  $ awk '$1 ~ /syscall|_wait|recv|send/ {print $1, $2, $4}' times
  syscall calls total
  (\w+) \d+ [\d.]+ (re)
  (\w+) \d+ [\d.]+ (re)
  (\w+) \d+ [\d.]+ (re)

How many of 64 clients were ready, at the most.

  $ while_asked bpftrace -e 'tracepoint:syscalls:sys_exit_epoll_wait
  > /pid == $1/ { @ready = lhist(args->ret, 0, 64, 8) } interval:s:3 { exit() }' $pid 2> said | grep '^\[' | tail -n 2
  \[.*\) +\d+ \|@* *\| (re)
  \[.*\) +\d+ \|@* *\| (re)

  $ stop; rm -f samples by-program by-function report folded counted said
