Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

Two clients have come and sent something while the server was stopped: one much, the other a message.

  $ start part3
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; crowd 2
  $ head -c 300000 /dev/zero >&${clients[0]}; printf '\2\0\0\0hi' >&${clients[1]}
  $ calls_while kill -CONT $pid
  $ grep ' = [1-9]' calls | grep -o 'recvfrom([0-9]*' | uniq -c
        1 recvfrom(4
        1 recvfrom(5
  \s+[4-9] recvfrom\(4 (re)

  $ stop
