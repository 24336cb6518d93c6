  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

Where memory is too small for the stacks of all threads, the thread that accepts serves a client
itself. The others are served, and the rest when it has left.

  $ start /bin/bash -c 'ulimit -v 60000; exec ./02-thread-each'
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 20; say_hi
  $ disperse; say_hi
  $ ls -d /proc/$pid/fd/3
  /proc/\d+/fd/3 (re)
  $ stop
