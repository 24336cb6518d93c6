Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80
  $ ln -s "$BUILD/part1-blocking/steps/01-echo-once" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls

The calls of the fewest that make an echo server, once with the server asleep in accept, whose line
has no end yet, and once when it has answered.

  $ start /usr/bin/strace -qq -o calls -e trace=network,read,write,close ./01-echo-once
  listening on 127\.0\.0\.1:\d+ (re)
  $ sleep 0.5; grep -A 6 ^socket calls
  socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
  setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
  bind(3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
  listen\(3, 4096\) += 0 (re)
  getsockname\(3, {sa_family=AF_INET, sin_port=htons\(\d+\), sin_addr=inet_addr\("127\.0\.0\.1"\)}, \[16\]\) = 0 (re)
  write\(1, "listening on 127\.0\.0\.1:\d+\\n", \d+\) = \d+ (re)
  accept(3, NULL, NULL
  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ echo hello >&5; said
  read 6, written 6, closed
  $ grep -A 3 ^accept calls
  accept\(3, NULL, NULL\) += 4 (re)
  read\(4, "hello\\n", 4096\) += 6 (re)
  write\(4, "hello\\n", 6\) += 6 (re)
  close\(4\) += 0 (re)
