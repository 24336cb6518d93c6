Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80

One client is connected and says hi. Watching interrupts the first wait, so there are two messages.

  $ start part4
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1
  $ calls_while rounds 2
  $ grep -A2 ' = 1 (' calls | head -n 3
  poll\(\[\{fd=4, events=POLLIN\}, \{fd=3, events=POLLIN\}, \{fd=5, events=POLLIN\}\], 3, \d+\) = 1 \(\[\{fd=5, revents=POLLIN\}\]\) (re)
  recvfrom(5, "\2\0\0\0hi", 65540, 0, NULL, NULL) = 6
  sendto(5, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6

  $ stop
