Skipped where the step is not built, which needs liburing (Debian: liburing-dev).

  $ cd "$STEPS"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$STEPS/../../../CMakeCache.txt" || exit 80

A receive of no bytes waits until there is something, and leaves it there; a send of no bytes does not
wait for room.

  $ ./05-readiness-on-a-ring
  receive, no room:        nothing completes
  the client says hello:   completed, result 0
  a receive with room:     5 bytes
  send, no bytes:          completed, result 0
