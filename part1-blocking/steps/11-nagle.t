  $ cd "$STEPS"

Nagle's algorithm holds the second write back until the first is acknowledged, and the client's
kernel delays its acknowledgement. Medians, so that a busy machine does not matter.

  $ ./11-nagle
  two writes:                answer after \d{2,3}\.\d\d ms (re)
  two writes, TCP_NODELAY:   answer after  \d\.\d\d ms (re)
  one write:                 answer after  \d\.\d\d ms (re)
