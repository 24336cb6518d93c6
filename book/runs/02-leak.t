  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The page without its close: each client costs it a descriptor. The program is left nowhere.

  $ trap 'rm -f leaky leaky.cc' EXIT

  $ sed '/close(client)/d' $ROOT/part1-blocking/steps/12-whole-server.cc > leaky.cc
  $ g++ -std=c++23 leaky.cc -o leaky
  $ start ./leaky
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..10}; do say_hi; done; ls /proc/$pid/fd | wc -l
  14
  $ stop
