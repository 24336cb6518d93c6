  $ cd "$STEPS"

The broken form would never end: the client still waits, and there is still no
descriptor for it. The fixed form is refused once and sleeps. When a descriptor has
been given back it accepts.

  $ ./06-out-of-descriptors
  broken: 1000 x EMFILE, then poll returns at once
  fixed: 1 x EMFILE, then poll sleeps for 100 ms
  a descriptor is given back
  fixed: 0 x EMFILE, then accepted
