  $ . "$ROOT/tools/shell.sh"

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)

Two hundred messages of 64 KiB, more than both kernels hold, from a client that reads a second later.

  $ for i in $(seq 200); do printf '\0\0\1\0'; head -c 65536 /dev/zero; done > stream
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ (cat stream >&5 &); sleep 1; head -c 13108000 <&5 | wc -c
  13108000

  $ exec 5>&-
  $ stop
