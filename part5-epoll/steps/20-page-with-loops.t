  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Two loops answer forty clients, and the hash has dealt some to each: that many descriptors are
watched by an epoll beside its listener and its eventfd.

  $ start ./20-page-with-loops 0 --workers 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 40
  $ for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done
  $ for c in ${clients[@]}; do head -c 6 <&$c; done | wc -c
  240
  $ grep -c tfd: /proc/$pid/fdinfo/* | grep -v ':0'
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)
  /proc/\d+/fdinfo/\d+:([3-9]|[1-9]\d) (re)
  $ kill $pid; wait $pid; echo "exit status $?"
  exit status 0

At the limit the others wait, each in the queue of one of the listeners.

  $ start ./20-page-with-loops 0 --workers 2 --max-connections 64 --read-timeout 0; crowd 70
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tlnH sport = :$port | awk '{print $2}'
  [0-6] (re)
  [0-6] (re)
  $ disperse; printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

In a stop, a client is closed while a loop waits for a permit. What wakes that loop then is no second
signal, and the other client loses no answer.

  $ update() { at=/dev/tcp/127.0.0.1/$port; exec 5<>$at 6<>$at 7<>$at
  >   for fd in 5 6; do head -c 2000000 /dev/zero >&$fd; done; sleep 1; kill $pid; sleep 0.5
  >   head -c 2000000 <&6 | wc -c; sleep 0.5; printf x >&5; head -c 2000000 <&5 | wc -c; }
  $ start ./20-page-with-loops 0 --workers 1 --max-connections 2; update
  listening on 127\.0\.0\.1:\d+ (re)
  2000000
  2000000
  $ exec 6<&- 7<&-; stop

The same two loops speak HTTP.

  $ start ./20-page-with-loops 0 --workers 2 --protocol http
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | ncat 127.0.0.1 $port | tail -n 1
  hello
  $ stop
