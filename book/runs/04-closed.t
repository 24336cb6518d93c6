  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

A stop that closes the clients' descriptors, in place of shutting them down, wakes nobody: the time
for a stop ends it. The program is left nowhere.

  $ trap 'rm -f closes closes.cc' EXIT

  $ sed 's/: serving) shutdown(client, SHUT_RD)/: serving) close(client)/' \
  >   $ROOT/part2-threads/steps/07-stop-them-all.cc > closes.cc
  $ g++ -std=c++23 closes.cc -o closes
  $ start ./closes; crowd 1
  listening on 127\.0\.0\.1:\d+ (re)
  $ TIMEFORMAT='%R s'; time { kill $pid; wait $pid; }
  (4\.9|5\.)\d+ s (re)
  $ disperse
