  $ . "$ROOT/tools/shell.sh"

  $ start part2 --read-timeout 0
  listening on 127\.0\.0\.1:\d+ (re)

The first client has been answered, and then says nothing. The second is answered, too.

  $ crowd 1; say_hi
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

The second client's thread has ended. Whom do a hundred messages of the first one wake?

  $ until [ $(ls /proc/$pid/task | wc -l) = 3 ]; do sleep 0.05; done
  $ awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d+ (re)
  $ rounds 100; awk '/^vol/{print $1, $2}' /proc/$pid/task/*/status
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d+ (re)
  voluntary_ctxt_switches: \d{2,3} (re)

A client that does not hang up holds up its own thread, which lingers, and no other client.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; sleep 0.2
  127\.0\.0\.1:\d+: closed: message too long (re)
  $ TIMEFORMAT='%R s'; time (printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd)
  00000000: 0200 0000 6869                           ....hi
  [01]\.\d+ s (re)

  $ stop
