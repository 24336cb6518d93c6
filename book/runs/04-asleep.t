  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/part2-threads/steps"

A thousand silent clients, where each thread sleeps (one for a signal, one for a permit, and a
thousand in recv), and one signal that ends them all.

  $ start ./04-stop-them-all
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1000; sleep 1
  $ ps -L -o wchan:20= -p $pid | sort | uniq -c
   +1 \S+ (re)
   +1 \S+ (re)
   +1000 \S+ (re)
  $ TIMEFORMAT='%R s'; time { kill $pid; wait $pid; }; echo "exit status $?"
  \d\.\d+ s (re)
  exit status 0
