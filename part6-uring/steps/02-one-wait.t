Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/02-one-wait" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls

Two requests are submitted and awaited by the same call: a read of a file, which epoll refuses to
watch, and a receive.

  $ traced io_uring_enter ./02-one-wait
  epoll, the file: Operation not permitted
  ring, the file: 4096 bytes
  ring, bob: 2 bytes
  $ cat calls
  io_uring_enter\(\d+, 2, 2, IORING_ENTER_GETEVENTS, NULL, 8\) = 2 (re)
