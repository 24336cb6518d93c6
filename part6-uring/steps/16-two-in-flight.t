  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

The server of chapter 10 waits for a silent client as long as this likes.

  $ start ./03-echo-one
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  124
  $ stop

This one does not.

  $ start ./16-two-in-flight
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  0
  $ said
  connection 1 closed

One that talks is not silent. Each message begins another 300 ms.

  $ (for i in 1 2 3 4; do echo $i; sleep 0.1; done) | ncat 127.0.0.1 $port
  1
  2
  3
  4
  $ said
  connection 2 closed

More than a send takes arrives whole.

  $ seq 100000 > "$CRAMTMP/sent"
  $ ncat 127.0.0.1 $port < "$CRAMTMP/sent" | cmp "$CRAMTMP/sent" -
  $ stop
