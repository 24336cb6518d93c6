  $ cd "$STEPS"

The arrays grow 15 times each, by doubling, and never shrink: clients that come later need no
memory. The map makes a node for each client, each time.

  $ ./07-arrays-or-map
  allocations:    10,000 come   they come again
  arrays                 30                  0
  map                 100\d\d              10000 (re)
