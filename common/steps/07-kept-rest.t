  $ cd "$STEPS"

Two messages at once, and one in two halves: the slices of 02-naive-reader.

  $ printf '\5\0\0\0hello\3\0\0\0you' | ./07-kept-rest
  read 16: "hello" "you", kept 0
  $ (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./07-kept-rest
  read 6:, kept 6
  read 3: "hello", kept 0
