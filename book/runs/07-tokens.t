A thousand clients are connected. The kernel's list: descriptor, events and token of the first
three.

  $ . "$ROOT/tools/shell.sh"
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000; awk '/^tfd/ {print $2, $4, $6}' /proc/$pid/fdinfo/* | sort -n | head -n 4
  3 19 1
  5 19 0
  6 19 2
  7 19 3

  $ stop
