Skipped where perf (Debian: linux-perf) is missing or may not look into the kernel, which takes root
or CAP_PERFMON, and before Linux 6.4, where the tracepoint had another name.

  $ . "$ROOT/tools/shell.sh"
  $ STEPS="$BUILD/part6-uring/steps"; grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ perf trace -s true > /dev/null 2>&1 || exit 80
  $ cd "$CRAMTMP"; ln -s "$STEPS/02-one-wait" .
  $ [ -e /sys/kernel/tracing/events/io_uring/io_uring_submit_req ] || exit 80
  $ perf trace --no-syscalls -e io_uring:io_uring_submit_req -o trace ./02-one-wait
  epoll, the file: Operation not permitted
  ring, the file: 4096 bytes
  ring, bob: 2 bytes
  $ grep -o 'user_data.*' trace
  user_data: 1, opcode: 22, flags: 4194304, op_str: "READ")
  user_data: 2, opcode: 27, flags: 4194304, op_str: "RECV")
