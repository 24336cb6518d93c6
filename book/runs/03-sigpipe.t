  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The page without MSG_NOSIGNAL: a client sends ten thousand empty messages and more, and has left
before the first is answered. The program is left nowhere.

  $ trap 'rm -f fragile fragile.cc' EXIT

  $ sed 's/MSG_NOSIGNAL/0/' $ROOT/part1-blocking/steps/09-three-moves.cc > fragile.cc
  $ g++ -std=c++23 fragile.cc -o fragile
  $ start ./fragile
  listening on 127\.0\.0\.1:\d+ (re)
  $ suspend; head -c 100000 /dev/zero >/dev/tcp/127.0.0.1/$port
  $ kill -CONT $pid; exit_status
  exit status 141
  $ start ./09-three-moves
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; head -c 100000 /dev/zero >/dev/tcp/127.0.0.1/$port; kill -CONT $pid
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
