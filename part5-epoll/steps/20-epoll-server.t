Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/20-epoll-server" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls
  $ start ./20-epoll-server
  listening on 127\.0\.0\.1:\d+ (re)

A thousand clients are silent. Of what it has told the kernel the server repeats nothing: a message
is one wait, which names none of them.

  $ crowd 1000
  $ calls_while say_hi
  $ grep -B1 -A1 recvfrom calls
  epoll_wait\(4, \[\{events=EPOLLIN, data=.*\}\], 64, -1\) = 1 (re)
  recvfrom\(5, "\\2\\0\\0\\0hi", 4096, 0, NULL, NULL\) = 6 (re)
  sendto\(5, "\\2\\0\\0\\0hi", 6, MSG_NOSIGNAL, NULL, 0\) = 6 (re)

  $ disperse

The first client connects and sends nothing. The second is served all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo "hello" | ncat 127.0.0.1 $port
  hello

Now the first one sends, and is answered. It leaves, and the server goes on.

  $ echo "at last" >&5; read -r answer <&5; echo "$answer"
  at last
  $ exec 5>&-

  $ stop
