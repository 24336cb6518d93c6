  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Two clients, and none gets what is the other's.

  $ start ./19-one-call 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port
  $ echo six >&6; read -r answer <&6; echo $answer
  six
  $ echo five >&5; read -r answer <&5; echo $answer
  five
  $ exec 6>&-

A client that breaks off in the middle of an answer is hung up on, once. Its send has a result that
isn't negative.

  $ start ./19-one-call 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 1 head -c 64M /dev/zero >&5
  [124]
  $ exec 5>&-; said
  connection 1 closed, \d+ short sends (re)
  $ say_hi; said
  connection 2 closed, 0 short sends
  $ stop
