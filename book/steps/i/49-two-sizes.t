Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./49-two-sizes > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

  $ ./49-two-sizes
  8 places of 16 bytes
  sLs
    place 0: request 1, 16 bytes
    place 1: request 2, 32 bytes: 7 and 8
    place 3: request 3, 16 bytes
  LsLs
    place 4: request 4, 32 bytes: 7 and 8
    place 6: request 5, 16 bytes
    place 7: nothing, to be skipped
    place 0: request 6, 32 bytes: 7 and 8
    place 2: request 7, 16 bytes
