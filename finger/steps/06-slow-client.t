  $ cd "$STEPS"

A byte every 30 ms, 40 of them.

  $ ./06-slow-client
  broken, 300 ms a receive   : held for [1-9]\d\d\d ms, 40 bytes, as long as the client liked (re)
  fixed, 300 ms an exchange  : held for ([3-9]|1\d)\d\d ms, [1-3]?\d bytes, and then closed (re)

The same where the monotonic clock is not the machine's, if we may have such a place.

  $ elsewhere='unshare --time --monotonic 1000000 --fork'
  $ $elsewhere true 2>/dev/null || elsewhere=
  $ $elsewhere ./06-slow-client | tail -n 1
  fixed, 300 ms an exchange  : held for ([3-9]|1\d)\d\d ms, [1-3]?\d bytes, and then closed (re)
