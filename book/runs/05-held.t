Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

A message arrives in two halves: nothing is sent until the second is there.

  $ start part3 2> log; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ bob() { printf '\2\0\0\0h' >&5; sleep 1; printf 'i' >&5; }
  $ calls_while bob; grep '(4, "' calls
  recvfrom(4, "\2\0\0\0h", 65540, 0, NULL, NULL) = 5
  recvfrom\(4, "i", 65540, 0, NULL, NULL\) += 1 (re)
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6

A client asks for a second and reads nothing, and then it reads. Around the first sends in vain: the
turn before them, and what follows when there is room again.

  $ start part3 2> log; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ bob() { timeout 1 cat /dev/zero >&5; timeout --foreground 2 cat <&5 > /dev/null; }
  $ calls_while bob; in_a_row 4 | grep -m 1 -B 2 -A 2 EAGAIN
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ sendto\(4, \d+, MSG_NOSIGNAL, NULL, 0\) = -1 EAGAIN (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = \d+ (re)
  \s+\d+ (recvfrom|sendto)\(4, \d+, .*\) = -?\d+.* (re)

  $ stop
