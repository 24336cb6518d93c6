  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./02-echo-loop
  listening on 127\.0\.0\.1:\d+ (re)

One client, two lines, each answered before the next is sent.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo one >&5; read -r answer <&5; echo "$answer"
  one
  $ echo two >&5; read -r answer <&5; echo "$answer"
  two
  $ exec 5>&-
  $ said
  read 0: the client is done sending

The next client sends more than the server's buffer holds and shuts down its sending side
immediately, as ncat does at the end of its input. Every byte still comes back.

  $ yes | head -c 100000 | ncat 127.0.0.1 $port | wc -c
  100000

  $ kill $pid; wait $pid
  [143]
  $ cat <&4
  read 0: the client is done sending
