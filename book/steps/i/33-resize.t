Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./33-resize > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

Sixteen reads complete before the program looks. A queue of four is filled four times; the larger one
has place for all, and for what was in flight when it grew.

  $ ./33-resize
  a queue that stays as it is
    entered         4 completions in  4 places, others in the kernel's list
    entered         4 completions in  4 places, others in the kernel's list
    entered         4 completions in  4 places, others in the kernel's list
    entered         4 completions in  4 places
    reads completed: 16, sum 120
  a queue that grows
    three answers   3 completions in  4 places
    resize to 16: done
    the others     16 completions in 16 places
    resize to 4: EOVERFLOW
    reads completed: 16, sum 120
