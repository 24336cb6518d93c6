  $ cd "$STEPS"

One message, written in one go, works. That is how this mistake passes every test at your
desk.

  $ printf '\5\0\0\0hello' | ./02-naive-reader
  read 9: length 5, 5 came: a message

Two messages in one go: the second one is lost.

  $ printf '\5\0\0\0hello\3\0\0\0you' | ./02-naive-reader
  read 16: length 5, but 12 came: 7 thrown away

A slow pipe: this one sends the second half of its message when the reader has reported the first.
The reader takes neither half for a message, and finds no length in the second.

  $ first_read() { for i in {1..200}; do [ -s "$CRAMTMP/out" ] && break; sleep 0.02; done; }
  $ (printf '\5\0\0\0he'; first_read; printf 'llo') | ./02-naive-reader | tee "$CRAMTMP/out"
  read 6: length 5, but 2 came: message spoiled
  read 3: not even a length
