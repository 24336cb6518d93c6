Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

A client asks for a second and reads nothing, and then it reads. Around the first sends in vain: the
turn before them, and what follows when there is room again.

  $ start part3 2> log; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ bob() { timeout 1 cat /dev/zero >&5; timeout --foreground 2 cat <&5 > /dev/null; }
  $ calls_while bob
  $ grep '^[rs].*(4, "' calls | sed 's/".*"\.*, //; s/ (.*//' | uniq -c | grep -B 2 -A 2 EAGAIN | head -n 5
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ sendto\(4, \d+, MSG_NOSIGNAL, NULL, 0\) = -1 EAGAIN (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = -?\d+.* (re)

  $ stop
