  $ cd "$STEPS"

One round: whatever is compared, one of the two is slower, and next time it may be the other.

  $ ./05-is-it-slower
                     median  lowest  highest  slower in
  the release again +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)
  with a clock +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)
  with a poll +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)
  $ ./05-is-it-slower
                     median  lowest  highest  slower in
  the release again +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)
  with a clock +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)
  with a poll +(\d+\.\d{3}) +\1 +\1  [01] of 1 (re)

Several: how far apart they lie, and how many of them agree.

  $ ./05-is-it-slower 9
                     median  lowest  highest  slower in
  the release again +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d of 9 (re)
  with a clock +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d of 9 (re)
  with a poll +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d of 9 (re)
