Skipped where there is no kqueue. Recorded on Linux with libkqueue, github.com/mheily/libkqueue at
commit f966089, which imitates kqueue on epoll.

  $ cd "$STEPS"
  $ grep -q '^libkqueue_FOUND:INTERNAL=1' "$STEPS/../../../CMakeCache.txt" || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ start ./04-kqueue-server
  listening on 127\.0\.0\.1:\d+ (re)

A client that says nothing keeps nobody waiting.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ echo it is my turn >&5; head -n 1 <&5
  it is my turn

The queue returns a signal, too.

  $ kill -TERM $pid; wait $pid; echo "exit status $?"
  exit status 0

The third class of 01-one-poller says what the other two say.

  $ ./01-one-poller-kqueue | grep kqueue
  kqueue   silence          -
  kqueue   a byte for b     b
  kqueue   asked again      b
  kqueue   a's peer closed  ab
  kqueue   b forgotten      a
