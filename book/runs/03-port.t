  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The page without SO_REUSEADDR hangs up first. For a minute nobody can listen on its port, not even a
server that sets the option. The page that sets it can be started again at once.

  $ trap 'rm -f bare bare.cc' EXIT

  $ sed '/SO_REUSEADDR, /d' $ROOT/part1-blocking/steps/09-three-moves.cc > bare.cc
  $ g++ -std=c++23 bare.cc -o bare
  $ start ./bare; p=$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$p; printf '\377\377\377\377' >&5; cat <&5; exec 5>&-
  $ sleep 0.1; ss -tanH src 127.0.0.1:$p | awk '{print $1, $4}'
  LISTEN 127\.0\.0\.1:\d+ (re)
  TIME-WAIT 127\.0\.0\.1:\d+ (re)
  $ stop; ./bare $p
  bare: bind: Address already in use
  [1]
  $ start ./09-three-moves; q=$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$q; printf '\377\377\377\377' >&5; cat <&5; exec 5>&-
  $ sleep 0.1; stop; start ./09-three-moves $q
  listening on 127\.0\.0\.1:\d+ (re)
  $ stop; ./09-three-moves $p
  09-three-moves: bind: Address already in use
  [1]
