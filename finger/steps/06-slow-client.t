  $ cd "$STEPS"

A byte every 30 ms, 40 of them.

  $ ./06-slow-client
  broken, 300 ms a receive   : held for [1-9]\d\d\d ms, 40 bytes, as long as the client liked (re)
  fixed, 300 ms an exchange  : held for ([3-9]|1\d)\d\d ms, [1-3]?\d bytes, and then closed (re)
