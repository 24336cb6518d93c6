Skipped where perf (Debian: linux-perf) is missing or may not look into the kernel: that takes
root, or CAP_PERFMON.

  $ . "$ROOT/tools/shell.sh"
  $ perf trace -s true > /dev/null 2>&1 || exit 80
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)

Where the processor was when it was looked at: in the kernel, or in our program. Then each
function with all that it calls: the sender's call delivers to the receiver.

  $ while_asked perf record -q -g -o samples -p $pid -- sleep 1
  $ perf report -i samples --stdio --no-children --sort dso -g none 2> /dev/null > by-program
  $ awk '/%/ {printf "%.0f%% %s\n", $1, $2}' by-program | head -n 1
  [6-9]\d% \[kernel\S* (re)
  $ perf report -i samples --stdio --children --sort symbol -g none 2> /dev/null > by-function
  $ awk '$4 ~ /^(__send|net_rx_action)$/ {printf "%.0f%% %s\n", $1, $4}' by-function
  [1-9]\d% __send (re)
  [1-9]\d?% net_rx_action (re)

How often it slept, and what the machine counts, if it lets us: virtual ones usually do not.

  $ while_asked perf stat -e task-clock,context-switches,instructions -p $pid -- sleep 1 > counted
  $ awk '/task|switches|instr/ {print $1, $2, $3}' counted
  [0-9.,]+ msec task-clock (re)
  [\d,]+ context-switches .* (re)
  (<not supported> instructions|[\d,]+ instructions.*) (re)

Each system call, and how long it took, waiting included.

  $ while_asked perf trace -s -p $pid -- sleep 1 > times
  $ awk '$1 ~ /syscall|_wait|recv|send/ {print $1, $2, $4}' times
  syscall calls total
  (\w+) \d+ [\d.]+ (re)
  (\w+) \d+ [\d.]+ (re)
  (\w+) \d+ [\d.]+ (re)

  $ stop
