  $ . "$ROOT/tools/shell.sh"
  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' > question
  $ asks() { timeout --foreground 1 ncat 127.0.0.1 $port < question | cmp -s - question; }
  $ asks; echo "a check that asks: $?"
  a check that asks: 0

A server that does not run is healthy, if the check does nothing but connect: the kernel accepts.

  $ kill -STOP $pid
  $ ncat -z 127.0.0.1 $port; echo "a check that connects: $?"
  a check that connects: 0
  $ asks; echo "a check that asks: $?"
  a check that asks: 1
  $ kill -CONT $pid; stop
