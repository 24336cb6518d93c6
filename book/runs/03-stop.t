  $ . "$ROOT/tools/shell.sh"

A client has sent a message and the beginning of another when the stop comes. It gets the answer to
the first, and the end of the stream.

  $ start part1
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1; say_hi
  $ printf '\3\0\0\0bye\5\0\0\0hel' >&${clients[0]}
  $ kill $pid; wait $pid; echo "exit status $?"
  exit status 0
  $ xxd <&${clients[0]}
  00000000: 0300 0000 6279 65                        ....bye
  $ disperse
