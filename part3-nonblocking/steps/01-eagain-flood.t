  $ cd "$STEPS"

Ten thousand tries are over in an instant, and leave as many lines on stderr. Nothing is wrong with
the listener: when a client comes, accept works.

  $ ./01-eagain-flood 10000 2> "$CRAMTMP/log"
  10000 tries, no client, \d+\.\d ms (re)
  a client: accepted
  $ sort "$CRAMTMP/log" | uniq -c
    10000 01-eagain-flood: accept: Resource temporarily unavailable
