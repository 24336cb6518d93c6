  $ cd "$STEPS"

The end of one message and all of the next arrive together.

  $ (printf '\2\0\0\0h'; sleep 1; printf 'i\3\0\0\0you') | ./07-session
  read 5: messages 0, to send ""
  read 8: messages 2, to send "....hi....you"

A stream that ends inside a message.

  $ printf '\5\0\0\0he' | ./07-session
  read 6: messages 0, to send ""
  cut short

The answers before a message that is too long are there, all the same.

  $ printf '\2\0\0\0hi\377\377\377\377' | ./07-session
  read 10: message too long, to send "....hi"
