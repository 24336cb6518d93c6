  $ cd "$STEPS"

The operations that part6 needs, and those that came later; "no-" marks one that the kernel
does not have.

  $ ./22-probe
  Linux 5.1   nop readv writev fsync poll_add poll_remove
  Linux 5.3   sendmsg recvmsg
  Linux 5.4   timeout
  Linux 5.5   timeout_remove link_timeout async_cancel accept connect
  Linux 5.6   read write send recv openat2 statx close
  Linux 5.7   splice provide_buffers
  Linux 5.11  shutdown unlinkat
  Linux 5.15  mkdirat linkat
  Linux 5.18  msg_ring
  Linux 5.19  socket
  Linux 6.0   send_zc
  Linux 6.1   sendmsg_zc
  Linux 6.7   (no-)?waitid (no-)?futex_wait (re)
  Linux 6.8   (no-)?fixed_fd_install (re)
  Linux 6.9   (no-)?ftruncate (re)
  Linux 6.11  (no-)?bind (no-)?listen (re)
  Linux 6.15  (no-)?recv_zc (no-)?epoll_wait (re)
  Linux 6.16  (no-)?pipe (re)
  in numbers: (Linux 6\.18 has it|\d+ operations, \d+ register calls, setup flags 0x[0-9a-f]+) (re)
