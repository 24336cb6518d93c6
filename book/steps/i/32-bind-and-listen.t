Skipped where strace is missing or not permitted, and where the kernel is too old.

  $ cd "$STEPS"
  $ strace -o /dev/null true || exit 80
  $ ./32-bind-and-listen ring > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80
  $ count() { strace -qq -c -U calls,name -o "$CRAMTMP/calls" -e trace=%network,io_uring_enter "$@"; }

The usual calls: a listener, a client that connects, and its connection accepted.

  $ count ./32-bind-and-listen plain
  descriptors: 3 4 5
  $ sort -k 2 "$CRAMTMP/calls" | grep -v -e total -e calls -e -----
          1 accept4
          1 bind
          1 connect
          1 listen
          1 setsockopt
          2 socket

The same as a chain, and once more while the address is taken: the chain ends where it fails.

  $ count ./32-bind-and-listen ring
  socket, setsockopt, bind, listen, socket, connect, accept
  again, though the address is taken
  socket, setsockopt, bind -EADDRINUSE, listen -ECANCELED, socket -ECANCELED, connect -ECANCELED, accept -ECANCELED
  $ sort -k 2 "$CRAMTMP/calls" | grep -v -e total -e calls -e -----
          2 io_uring_enter
