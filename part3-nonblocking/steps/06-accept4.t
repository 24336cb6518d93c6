Skipped where strace is missing or not permitted.

  $ . "$ROOT/tools/shell.sh"
  $ strace -o /dev/null true || exit 80
  $ ln -s "$STEPS/06-accept4" .

The first socket is the listener, non-blocking from the start. An accepted socket does not
inherit that: it takes one fcntl to fetch the flags and one to store them.

  $ traced socket,accept,accept4,fcntl ./06-accept4 fcntl
  read: Resource temporarily unavailable
  $ cat calls
  socket\(AF_INET, SOCK_STREAM\|SOCK_NONBLOCK, IPPROTO_IP\) += \d+ (re)
  socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\) += \d+ (re)
  accept\(\d+, NULL, NULL\) += \d+ (re)
  fcntl\(\d+, F_GETFL\) += 0x2 \(flags O_RDWR\) (re)
  fcntl\(\d+, F_SETFL, O_RDWR\|O_NONBLOCK\) += 0 (re)

With accept4, one call does it all.

  $ traced socket,accept,accept4,fcntl ./06-accept4 accept4
  read: Resource temporarily unavailable
  $ cat calls
  socket\(AF_INET, SOCK_STREAM\|SOCK_NONBLOCK, IPPROTO_IP\) += \d+ (re)
  socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\) += \d+ (re)
  accept4\(\d+, NULL, NULL, SOCK_NONBLOCK\) += \d+ (re)
