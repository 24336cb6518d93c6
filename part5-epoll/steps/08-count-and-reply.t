  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

The server takes any free port and says which.

  $ start ./08-count-and-reply
  listening on 127\.0\.0\.1:\d+ (re)

The first client sends three bytes and is not finished yet. No other client has to wait
for it, and its bytes are counted apart.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ printf 'hel' >&5
  $ printf 'hello' | ncat 127.0.0.1 $port
  Received 5 bytes

The answer comes at the end of the stream, however many reads that takes. A client that
sends nothing is told 0.

  $ head -c 300000 /dev/zero | ncat 127.0.0.1 $port
  Received 300000 bytes
  $ ncat 127.0.0.1 $port < /dev/null
  Received 0 bytes
  $ exec 5>&-
  $ stop
