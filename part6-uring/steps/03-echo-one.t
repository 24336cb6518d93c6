  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/03-echo-one" .

The server takes any free port and says which. Two clients together, and the first to connect is the
last to send. A third is served and leaves while they stay. On several processors, the two may be
accepted the other way round.

  $ start ./03-echo-one
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port
  $ echo six >&6; read -r answer <&6; echo $answer
  six
  $ echo five >&5; read -r answer <&5; echo $answer
  five
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ said
  connection 3 closed, 0 short sends

A client sends more than the kernel takes back in one send: the sends are short, and nothing is lost.

  $ exec 6<>/dev/tcp/127.0.0.1/$port; (seq 100000 >&6 &)
  $ timeout --foreground 5 head -c 588895 <&6 | cmp - <(seq 100000) && echo all of it; exec 6>&-
  all of it
  $ stop
