  $ seq 1000 | "$EXAMPLES/post" > out
  $ seq 1000 | awk '{ print NR, $1 }' | cmp - out
  $ (echo early; sleep 0.3; echo late) | "$EXAMPLES/post"
  1 early
  2 late
  $ "$EXAMPLES/post" < /dev/null
