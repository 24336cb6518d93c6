  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  0
  $ said
  closed
  $ (for i in 1 2 3 4; do echo $i; sleep 0.15; done) | ncat 127.0.0.1 $port
  1
  2
  3
  4
  $ said
  closed

Forty clients whose bytes come when the time is up. Most cancels are too late, and have a
completion that belongs to no operation. The server goes on. (On a machine so slow that they do not
all connect within the limit, the time of some is up before.)

  $ crowd 40; kill -STOP $pid; sleep 0.5
  $ for c in ${clients[@]}; do printf x >&$c; done; kill -CONT $pid
  $ for c in ${clients[@]}; do head -c 1 <&$c; done | wc -c
  (\d|[123]\d|40) (re)
  $ disperse
  $ echo still here | ncat 127.0.0.1 $port
  still here

A client that sends for five seconds and never reads: its answers fill every buffer, and then the
send to it is late.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 5 cat /dev/zero >&5 2> "$CRAMTMP/ended"; test $? -ne 124
  $ exec 5>&-

More than a send takes arrives whole.

  $ seq 100000 > "$CRAMTMP/sent"
  $ ncat 127.0.0.1 $port < "$CRAMTMP/sent" | cmp "$CRAMTMP/sent" -
  $ stop

The limit is for each operation, so a client that dribbles stays as long as it likes: here for two
seconds.

  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ (for i in {1..20}; do echo $i; sleep 0.1; done) | ncat 127.0.0.1 $port | wc -l
  20
  $ stop
