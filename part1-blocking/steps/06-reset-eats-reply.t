  $ cd "$STEPS"

The same request three times, of which the server reads half, and the same answer. If the server
closes with input unread, the answer breaks off where the client's receive buffer ended, and SO_LINGER
does not change that. If it shuts down first and reads to the end, the answer arrives whole.

  $ ./06-reset-eats-reply
  close +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  close, SO_LINGER +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  three moves      65536 of 65536 bytes, then the end
