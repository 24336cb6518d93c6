  $ . "$ROOT/tools/shell.sh"

At most two connections, and two silent clients: the third one waits in the backlog.

  $ start part2 --max-connections 2
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 2
  $ printf '\2\0\0\0hi' | ncat --idle-timeout 2 127.0.0.1 $port
  Ncat: Idle timeout expired (2000 ms).
  [1]
  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1

The thread that accepts sleeps until it has a permit, and not in accept.

  $ ps -L -o wchan:20= -p $pid | sort | uniq -c
   +1 \S+ (re)
   +1 \S+ (re)
   +2 \S+ (re)

When the two have left, there are permits again.

  $ disperse
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

  $ stop
