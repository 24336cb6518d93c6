  $ . "$ROOT/tools/shell.sh"

The second server gets the first one's socket, and the first one ends. Port 0 is any that is free,
and yet both name the same.

  $ start finger --addr 127.0.0.1 --users $ROOT/finger/users --takeover gate
  listening on 127\.0\.0\.1:\d+ (re)
  $ first=$port old=$pid pid=
  $ start finger --addr 127.0.0.1 --users $ROOT/finger/users --takeover gate
  listening on 127\.0\.0\.1:\d+ (re)
  $ wait $old; echo "exit status $?, the same port: $((port == first))"
  exit status 0, the same port: 1
  $ stop
