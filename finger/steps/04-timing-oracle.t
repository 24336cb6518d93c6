  $ cd "$STEPS"

The time of each answer, a thousand of each kind. Where the search ends at the name, a
stranger who compares two answers is nearly always right, and with a few more tries is
certain.

  $ ./04-timing-oracle > "$CRAMTMP/out"; cat "$CRAMTMP/out"
  broken, a lookup for each query, .* us (re)
    not opted in   \|[ .:=+*#-]{40}\| (re)
    does not exist \|[ .:=+*#-]{40}\| (re)
    strangers' score: (0\.[89]\d|1\.00) (re)
  fixed, a table made beforehand, .* us (re)
    not opted in   \|[ .:=+*#-]{40}\| (re)
    does not exist \|[ .:=+*#-]{40}\| (re)
    strangers' score: 0\.(4[4-9]|5[0-6]) (re)
