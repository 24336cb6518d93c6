  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ start ./24-two-loops
  listening on 127\.0\.0\.1:\d+ (re)

A hundred clients: each loop's epoll has its listener and its share of them. A loop without any would
have one line, its listener.

  $ crowd 100; say_hi
  $ grep -c tfd: /proc/$pid/fdinfo/* | grep -v ':0'
  /proc/\d+/fdinfo/\d+:([2-9]|[1-9]\d) (re)
  /proc/\d+/fdinfo/\d+:([2-9]|[1-9]\d) (re)
  $ disperse

A client of either is answered, whoever else is silent.

  $ for i in 1 2 3 4 5 6; do echo "hello $i" | ncat 127.0.0.1 $port; done
  hello 1
  hello 2
  hello 3
  hello 4
  hello 5
  hello 6
  $ stop
