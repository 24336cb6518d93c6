  $ cd "$STEPS"

Two mechanisms, one test, one answer. The five lines of kqueue are in 04-kqueue-server.t.

  $ ./01-one-poller
  poll     silence          -
  poll     a byte for b     b
  poll     asked again      b
  poll     a's peer closed  ab
  poll     b forgotten      a
  epoll    silence          -
  epoll    a byte for b     b
  epoll    asked again      b
  epoll    a's peer closed  ab
  epoll    b forgotten      a
