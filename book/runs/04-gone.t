  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

A client takes no answer, so the server's send is stuck when the stop comes. If it stays, the time
for a stop ends the server. If it disconnects, its thread ends at once: but not without a look at
the state of the connection, because SIOCOUTQ does not fall any more. The program is left nowhere.

  $ trap 'rm -f waits waits.cc' EXIT

  $ TIMEFORMAT='%R s'
  $ gone() {
  >   exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  >   kill $pid; sleep 0.1; exec 5>&-; time wait $pid
  > }
  $ sed 's/info.tcpi_state == TCP_CLOSE/false/' $ROOT/part2-threads/steps/07-stop-them-all.cc > waits.cc
  $ g++ -std=c++23 waits.cc -o waits
  $ start ./waits; gone
  listening on 127\.0\.0\.1:\d+ (re)
  (4\.[789]|5\.)\d* s (re)
  $ start ./07-stop-them-all; gone
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d+ s (re)
  $ start ./07-stop-them-all; exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  listening on 127\.0\.0\.1:\d+ (re)
  [124]
  $ kill $pid; time wait $pid; echo "exit status $?"
  (4\.9|5\.)\d+ s (re)
  exit status 0
