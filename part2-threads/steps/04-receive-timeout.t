  $ cd "$STEPS"

A message of 36 bytes. A silent client is closed after 300 ms. One that sends a byte every 10 ms
never keeps a single call waiting for long, and takes as much time as it likes: here 360 ms, and a
day if the message is longer. Counted over the whole message, the same 300 ms end it.

  $ ./04-receive-timeout
  silent, 300 ms a call:      0 of 36 bytes in ([3-9]\d\d|\d{4}) ms (re)
  dribbling, 300 ms a call:  36 of 36 bytes in (3[6-9]\d|[4-9]\d\d|\d{4}) ms (re)
  dribbling, 300 ms in all:  ([ 12]\d|3[0-5]) of 36 bytes in ([3-9]\d\d|\d{4}) ms (re)
