  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./03-pool 0 2
  listening on 127\.0\.0\.1:\d+ (re)

Two workers, and two silent clients.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port

The third is connected, and its bytes are taken: by the kernel, not by the server.

  $ exec 7<>/dev/tcp/127.0.0.1/$port
  $ echo hello >&7
  $ read -t 0.2 -r answer <&7 || echo 'no answer'
  no answer

One of the silent two leaves, and its worker is free.

  $ exec 5>&-
  $ read -r answer <&7; echo "$answer"
  hello
  $ exec 6>&- 7>&-

  $ stop
