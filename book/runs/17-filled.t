  $ . "$ROOT/tools/shell.sh"

A receive that filled its buffer is followed by another at once, and any other by a wait.

  $ page 03-completion-over-readiness
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    std::span<char> buffer;
  > +  bool more = false;  // the receive before it filled the buffer
  >    ssize_t result = 0;
  >  // …
  > -  bool await_ready() { return tries_first && attempt(); }
  > +  bool await_ready() { return (tries_first || more) && attempt(); }
  >  // …
  >    char buffer[64];
  > +  bool more = false;
  >    while (true) {
  > -    const ssize_t length = co_await Recv{epoll, fd, buffer};
  > +    const ssize_t length = co_await Recv{epoll, fd, buffer, more};
  >      if (length <= 0) break;
  > +    more = length == std::ssize(buffer);
  > END
  $ build page && ./page | grep registers
    3 bytes, registers first:  6 recv +  6 epoll_ctl + 3 epoll_wait = 15
  150 bytes, registers first: 18 recv +  6 epoll_ctl + 3 epoll_wait = 27
  $ rm page{,.cc}
