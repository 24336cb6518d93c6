  $ cd "$STEPS"

A full pipe refuses a write; its reader is awake already, so nothing is lost by that. (Where pages
are larger than 4096 bytes, a pipe may hold more.)

  $ ./02-wake-up
  eventfd  100000 of 100000 writes taken, readable: yes, empty after 1 read
  pipe     +\d+ of 100000 writes taken, readable: yes, empty after \d+ reads (re)
