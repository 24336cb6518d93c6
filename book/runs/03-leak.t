  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part1-blocking/steps"

The page that does not hang up: each client costs it a descriptor, and its connection stays in
CLOSE-WAIT. The program is left nowhere.

  $ trap 'rm -f leaky leaky.cc' EXIT

  $ sed '/hang_up(client);/d' $ROOT/part1-blocking/steps/09-three-moves.cc > leaky.cc
  $ g++ -std=c++23 leaky.cc -o leaky
  $ start ./leaky
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..10}; do say_hi; done; ls /proc/$pid/fd | wc -l
  14
  $ ss -tanH src 127.0.0.1:$port | awk '{print $1}' | sort | uniq -c
       10 CLOSE-WAIT
        1 LISTEN
  $ stop
