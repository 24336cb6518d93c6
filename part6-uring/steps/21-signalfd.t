  $ cd "$STEPS"
  $ start() { coproc "$@"; server=$COPROC_PID; exec 5>&"${COPROC[1]}" 6<&"${COPROC[0]}"; said; }
  $ said() { read -r line <&6; echo "$line"; }

The first SIGTERM begins a drain: the client may finish. The second ends it.

  $ start ./21-signalfd
  process \d+ (re)
  $ echo hello >&5; said
  you said hello
  $ kill $server; said
  SIGTERM: no new clients, finish what you have begun
  $ echo still here >&5; said
  you said still here
  $ kill $server; said; wait $server
  SIGTERM again: good night

A client that finishes in time needs no second signal. It may be another signal, too: a
shell starts background programs with SIGINT ignored, and a signalfd gets it even so.

  $ start ./21-signalfd
  process \d+ (re)
  $ kill -INT $server; said
  SIGINT: no new clients, finish what you have begun
  $ echo nearly done >&5; said
  you said nearly done
  $ eval "exec ${COPROC[1]}>&- 5>&-"; said; wait $server
  drained

The same signal twice before the read is one.

  $ start ./21-signalfd
  process \d+ (re)
  $ kill -STOP $server; until grep -q '^State:.*T' /proc/$server/status; do sleep 0.01; done
  $ kill $server; kill $server; kill -CONT $server; said
  SIGTERM: no new clients, finish what you have begun
  $ echo and here >&5; said
  you said and here
  $ kill $server; said; wait $server
  SIGTERM again: good night

An unblocked signal never reaches the descriptor: the process ends as it always did.

  $ start ./21-signalfd unblocked
  process \d+ (re)
  $ kill $server; wait $server
  [143]
