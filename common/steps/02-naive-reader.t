  $ cd "$STEPS"

One message, written in one go, works. That is how this mistake passes every test at your
desk.

  $ printf '\5\0\0\0hello' | ./02-naive-reader
  read 9: length 5, 5 came: a message

Two messages in one go: the second one is lost.

  $ printf '\5\0\0\0hello\3\0\0\0you' | ./02-naive-reader
  read 16: length 5, but 12 came: 7 thrown away

A slow pipe: this one sends the second half of its message a second after the first. The reader
takes neither half for a message, and finds no length in the second.

  $ (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./02-naive-reader
  read 6: length 5, but 2 came: message spoiled
  read 3: not even a length
