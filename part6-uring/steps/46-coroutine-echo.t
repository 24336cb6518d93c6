  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  0
  $ said
  closed
  $ echo hello | ncat 127.0.0.1 $port
  hello
  $ said
  closed

A client that sends for five seconds and never reads: its answers fill every buffer, and then the
send to it is late.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 5 cat /dev/zero >&5 2> "$CRAMTMP/ended"; test $? -ne 124
  $ exec 5>&-

More than a send takes arrives whole.

  $ seq 100000 > "$CRAMTMP/sent"
  $ ncat 127.0.0.1 $port < "$CRAMTMP/sent" | cmp "$CRAMTMP/sent" -
  $ stop

The limit is for each operation, so a client that dribbles stays as long as it likes: here for half
a second, of which each line takes a tenth. On a busy machine a line may come later than the limit
permits: then once more.

  $ start ./46-coroutine-echo
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { (for i in {1..10}; do echo $i; sleep 0.05; done) | ncat 127.0.0.1 $port | wc -l; }
  $ until [ "$(dribble)" = 10 ]; do :; done
  $ stop
