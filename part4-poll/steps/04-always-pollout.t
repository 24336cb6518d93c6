  $ cd "$STEPS"

A loop that asks for POLLOUT with nothing to send never sleeps. It makes sense to ask
from the send that got EAGAIN until the rest has been sent.

  $ ./04-always-pollout
  Nothing waits to be sent.
    broken: ask for POLLIN|POLLOUT                     ready in 1000 of 1000 polls
    fixed: ask for POLLIN                              ready in    0 of 1000 polls
  The peer does not read; a send got EAGAIN, so now something waits.
    ask for POLLIN|POLLOUT                             ready in    0 of 1000 polls
  The peer has read everything: there is room.
    ask for POLLIN|POLLOUT                             ready in 1000 of 1000 polls
  We send what waited, and ask for POLLIN alone again.
    ask for POLLIN                                     ready in    0 of 1000 polls
