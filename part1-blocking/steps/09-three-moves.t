  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./09-three-moves
  listening on 127\.0\.0\.1:\d+ (re)

Twenty messages of 64 KiB, then nonsense, and a client that takes the answers a second later: all of
them arrive, and the end of the stream. A client that goes on talking is given up after a while.

  $ speak() { for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; yes | head -c 1000; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (speak >&5 &); sleep 1; cat <&5 | wc -c
  1310800
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (yes >&5 2> /dev/null &)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

One that has sent too long a length keeps the next client waiting for two seconds, and not for
longer if it goes on sending a byte before two seconds are over.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; began=$(date +%s%N)
  $ (for i in {1..16}; do sleep 1; echo >&5; done 2>/dev/null &)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ (($(date +%s%N) - began < 12000000000)) && echo in time
  in time
  $ stop
