  $ cd "$STEPS"

Pipe `a` was added with the number aaaa, pipe `b` with bbbb, and neither was named
again. epoll_wait returns the numbers of those that are ready.

  $ ./01-epoll-hello
  nothing written    epoll_wait returns 0
  4 bytes into b     epoll_wait returns 1   bbbb: EPOLLIN
  4 bytes into a     epoll_wait returns 2   bbbb: EPOLLIN   aaaa: EPOLLIN
  4 bytes out of b   epoll_wait returns 1   aaaa: EPOLLIN
