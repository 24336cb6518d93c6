  $ cd "$STEPS"

Six bytes of three kinds, cut in every way.

  $ ./02-crlf-split
  forgetful: 23328 tries,  6052 wrong, as \x0d | \x0azzzz  ->  \x0d\x0d\x0azzzz
  stubborn:  23328 tries,  3424 wrong, as \x0d\x0a\x0azzz  ->  \x0d\x0a\x0azzz
  ours:      23328 tries,     0 wrong
