  $ cd "$STEPS"

poll(2) sleeps for a second in the broken form, though the flag is set. A signal that comes during the
call ends it, so only the gap is dangerous.

  $ ./09-stop-in-the-gap
  the signal comes    before the look    in the gap         during poll
  broken: a flag      does not sleep     SLEEPS ON          is woken: EINTR
  fixed: an eventfd   does not sleep     is woken by wake   is woken: EINTR
