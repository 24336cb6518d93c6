Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80

What the kernel says when it sets up no ring, and what the server says then.

  $ program="$BUILD/part6-uring/part6-uring"
  $ without_ring() { strace -o calls -e inject=io_uring_setup:error=$1 "$program" --port 0; }
  $ without_ring ENOSYS
  io_uring cannot be used: Linux 6.1 or newer with io_uring is needed, and this is Linux (\S+, so it was built without .*|([1-5]|6\.0)\..*) (re)
  [1]
  $ without_ring EPERM
  io_uring cannot be used: (a seccomp filter forbids it: permit io_uring_setup, io_uring_enter and io_uring_register \(of a unit: SystemCallFilter=; of a container: its seccomp profile\)|it is switched off here: try sysctl -w kernel.io_uring_disabled=0.*) (re)
  [1]
  $ without_ring ENOMEM
  io_uring cannot be used: no memory is left, or the limit of locked memory (ulimit -l), of address space (-v) or of data (-d) is too low
  [1]
