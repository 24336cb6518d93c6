  $ cd "$STEPS"

The same request four times, and the same answer. If the server has read all of the request, close
delivers the answer. If it has read half, the answer breaks off where the client's receive buffer
ended, and SO_LINGER does not change that. Where the client has room for all of it, all of it had
arrived, and the reset comes nevertheless.

  $ ./04-reset-eats-reply
  close, all read  65536 of 65536 bytes, then the end
  close, half read +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  the same, linger +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  half, large room 65536 of 65536 bytes, then Connection reset by peer
