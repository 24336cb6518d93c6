  $ cd "$STEPS"

Where the ready entry stands decides what stopping at the count saves: nearly all, half, nothing.

  $ ./12-how-far-to-look
  ready entry   looked at: all   up to the count
            0             4000                 1
         1999             4000              2000
         3999             4000              4000
