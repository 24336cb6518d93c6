  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./05-closes-at-once
  listening on 127\.0\.0\.1:\d+ (re)

Connecting works, and then there is nothing to read: the end of the stream, not an error.

  $ ncat --recv-only 127.0.0.1 $port | wc -c
  0

A client that has seen this end can still send. Its kernel takes the bytes, because the other side
may be reading them; that it has closed turns out later.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ cat <&5
  $ echo hello >&5 && echo taken
  taken

Now the reset has come. A second message kills the program that sends it; here it is a subshell.

  $ (echo again >&5); echo "exit status $?"
  exit status 141
  $ exec 5>&-

What ss shows of the client's socket: the other side has ended; and after the reset, nothing.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ cat <&5; ss -tnH "dport = :$port" | awk '{print $1}'
  CLOSE-WAIT
  $ echo hello >&5; ss -tnH "dport = :$port"
  $ exec 5>&-

  $ stop
