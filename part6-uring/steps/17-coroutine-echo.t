  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

  $ start ./17-coroutine-echo 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  0
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

A client that sends for five seconds and never reads: its answers fill every buffer, and then the
send to it is late.

  $ message() { printf '\140\352\0\0'; head -c 60000 /dev/zero; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ timeout 5 bash -c 'while message; do :; done' >&5 2> "$CRAMTMP/ended"; test $? -ne 124
  $ exec 5>&-

More than a send takes arrives whole.

  $ for i in {1..10}; do message; done > "$CRAMTMP/sent"
  $ ncat 127.0.0.1 $port < "$CRAMTMP/sent" | cmp "$CRAMTMP/sent" -
  $ stop

A client that says nothing is hung up on, and not before its 300 ms are over.

  $ start ./17-coroutine-echo 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ TIMEFORMAT='%R s'; exec 5<>/dev/tcp/127.0.0.1/$port; time cat <&5
  (0\.[3-9]|[1-4]\.\d)\d\d s (re)
  $ stop
