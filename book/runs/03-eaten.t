  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

Twenty messages and then nonsense. The server on a page answers all twenty and closes with some of
the nonsense unread: most of the answers are gone. Closed in three moves, all of them arrive.

  $ trap 'rm -f spoken' EXIT

  $ start ./08-a-minute-each
  listening on 127\.0\.0\.1:\d+ (re)
  $ (for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; yes | head -c 1000) > spoken
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (cat spoken >&5 &); sleep 1; cat <&5 | wc -c
  cat: -: Connection reset by peer
  (?!1310800)\d+ (re)
  $ start ./09-three-moves
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (cat spoken >&5 &); sleep 1; cat <&5 | wc -c
  1310800

A client that reads only after the server has closed loses nothing, unless it goes on sending.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; (cat spoken >&5 &); sleep 5; cat <&5 | wc -c
  1310800
  $ exec 5<>/dev/tcp/127.0.0.1/$port; ((cat spoken; sleep 3; echo more) >&5 &); sleep 5; cat <&5 | wc -c
  cat: -: Connection reset by peer
  (?!1310800)\d+ (re)

The next client that announces too much keeps everybody else waiting while the server lingers.

  $ next_client() { printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd; }; TIMEFORMAT='%R s'
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; time next_client
  00000000: 0200 0000 6869                           ....hi
  [2-5]\.\d{3} s (re)
  $ stop
