Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ strace -o /dev/null true || exit 80

The daemon is told to serve one client.

  $ mkdir -p "$CRAMTMP/users/alice"; printf 'Write a\nserver.\n' > "$CRAMTMP/users/alice/.plan"
  $ start /usr/bin/strace -qq -o "$CRAMTMP/calls" -e trace=io_uring_enter,%network,statx,read \
  > ./09-one-exchange "$CRAMTMP/users" "$CRAMTMP/trace.json"
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask 'alice\r\n'
  Write a^M$
  server.^M$
  $ wait $pid

What it asked of the ring: an accept, the query, where the plan is, the plan by way of /proc, its
bytes; the file is closed while the answer leaves, and then it waits for the client's end of stream.

  $ operations "$CRAMTMP/trace.json"
  call  operation  fd  result
     1  accept      \d       \d (re)
     2  recv        \d       7 (re)
     3  openat2     \d       \d (re)
     4  openat2 +\d (re)
     5  read       \s*\d+      16 (re)
     6  close      \s*\d+       0 (re)
     6  send        \d      18 (re)
     7  recv        \d       0 (re)

And what it asked of the kernel meanwhile: seven calls to work the ring, of which the last but one
submits two operations; a look at the plan; an end of stream.

  $ sed -n '/enter/,$p' "$CRAMTMP/calls" | cut -d , -f 1-3
  io_uring_enter(0, 1, 1
  io_uring_enter(0, 1, 1
  io_uring_enter(0, 1, 1
  statx\(\d+, "", AT_STATX_DONT_SYNC\|AT_EMPTY_PATH (re)
  io_uring_enter(0, 1, 1
  io_uring_enter(0, 1, 1
  io_uring_enter(0, 2, 1
  shutdown\(\d, SHUT_WR\) += 0 (re)
  io_uring_enter(0, 1, 1
