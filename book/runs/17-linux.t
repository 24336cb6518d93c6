Which of the names that a Mac does not have are in which part, of those that shape a server.

  $ cd "$ROOT"
  $ names='accept4|sys/eventfd|sys/epoll|liburing'
  $ for part in part?-*; do
  >   echo $part: $(grep -rhoE --include=*.{cc,h} --exclude-dir={steps,examples} "$names" $part | sort -u)
  > done
  part1-blocking: accept4
  part2-threads: accept4
  part3-nonblocking: accept4
  part4-poll: accept4 sys/eventfd
  part5-epoll: accept4 sys/epoll sys/eventfd
  part6-uring: liburing sys/epoll sys/eventfd
