  $ sleep 1 | "$EXAMPLES/timeout"
  first: timed out
  slept: enough
  second: timed out
  $ "$EXAMPLES/timeout" < /dev/null
  first: there
  slept: enough
  second: there
