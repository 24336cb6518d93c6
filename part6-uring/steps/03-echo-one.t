  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

The server takes any free port and says which.

  $ start ./03-echo-one
  listening on 127\.0\.0\.1:\d+ (re)

Two clients together, and the first to connect is the last to send. A third is served
and leaves while they stay. On several processors, the two may be accepted the other way round.

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

The second sends more than the kernel takes back in one send: the sends are short, and
nothing is lost.

  $ (seq 100000 >&6 &); head -c 588895 <&6 | cmp - <(seq 100000) && echo all of it
  all of it
  $ exec 6>&-; said
  connection [12] closed, [1-9]\d* short sends (re)
  $ echo still here >&5; read -r answer <&5; echo $answer
  still here
  $ exec 5>&-; said
  connection [12] closed, 0 short sends (re)

The ring has 64 entries, which doesn't limit the clients: each of these has a receive in flight.

  $ crowd 200
  $ for c in "${clients[@]}"; do echo hi >&$c; read -ru $c; echo $REPLY; done | sort | uniq -c
   +200 hi (re)
  $ stop
