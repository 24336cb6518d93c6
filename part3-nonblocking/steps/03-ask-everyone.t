Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/03-ask-everyone" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls
  $ start ./03-ask-everyone
  listening on 127\.0\.0\.1:\d+ (re)

The first client connects and sends nothing. The second is served all the same.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo "hello" | ncat 127.0.0.1 $port
  hello

Now the first one sends, and is answered.

  $ echo "at last" >&5; read -r answer <&5; echo "$answer"
  at last

In half a second in which nothing happens, the server asks thousands of times, and is told "not
now". (strace stops it at each call: without, it would be many more.)

  $ calls_while sleep 0.5; grep -c EAGAIN calls
  \d{3,} (re)
  $ stop
