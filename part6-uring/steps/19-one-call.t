  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

A client sends 64 MiB, and begins to read a second later, so that sends find little room. All of it
comes back.

  $ start ./19-one-call 0
  listening on 127\.0\.0\.1:\d+ (re)
  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; (head -c 64M /dev/zero >&5 &); sleep 1
  >   timeout --foreground 5 head -c 64M <&5 | wc -c; exec 5>&-; }
  $ late
  67108864

A send that is allowed to stop half-way succeeds, says nothing, and loses its rest.

  $ start ./19-one-call 0 partial
  listening on 127\.0\.0\.1:\d+ (re)
  $ late
  (?!67108864)\d{8} (re)

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
  $ stop

A client that breaks off in the middle of an answer ends the step, although the send has a result
that isn't negative. Its connection isn't left open, unserved.

  $ start ./19-one-call 0 2> "$CRAMTMP/errors"
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 1 head -c 64M /dev/zero >&5
  [124]
  $ exec 5>&-
  $ timeout 10 tail --pid="$pid" -f /dev/null
  $ grep send "$CRAMTMP/errors"
  send: (Broken pipe|Connection reset by peer) (re)
