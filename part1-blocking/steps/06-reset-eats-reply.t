  $ cd "$STEPS"

Twice the same request, of which the server reads half, and the same answer. Closed with input
unread, the answer breaks off where the client's receive buffer ended. Shut down first and read to
the end, it arrives whole.

  $ ./06-reset-eats-reply
  1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  65536 of 65536 bytes, then the end
