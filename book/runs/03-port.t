  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$BUILD/part1-blocking/steps/09-three-moves" .

The page without SO_REUSEADDR hangs up first. For a minute nobody can listen on its port, not even a
server that sets the option. The page that sets it can be started again at once.

  $ too_much() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; cat <&5
  >   exec 5>&-; sleep 0.1; }
  $ without 'SO_REUSEADDR, ' 09-three-moves && start ./without
  - check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  listening on 127\.0\.0\.1:\d+ (re)
  $ p=$port; too_much; ss -tanH src 127.0.0.1:$p | awk '{print $1, $4}'
  LISTEN 127\.0\.0\.1:\d+ (re)
  TIME-WAIT 127\.0\.0\.1:\d+ (re)
  $ too_much; stop; ./without $p
  without: bind: Address already in use
  [1]
  $ start ./09-three-moves; q=$port; too_much; stop; start ./09-three-moves $q
  listening on 127\.0\.0\.1:\d+ (re)
  listening on 127\.0\.0\.1:\d+ (re)
  $ start ./without; p=$port; too_much; stop; ./09-three-moves $p
  listening on 127\.0\.0\.1:\d+ (re)
  09-three-moves: bind: Address already in use
  [1]
