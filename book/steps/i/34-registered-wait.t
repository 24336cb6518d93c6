Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./34-registered-wait > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

Two forms of the same wait end with the same error, a timeout. Only the registered one does
without reading the memory of the program.

  $ ./34-registered-wait
  a region for a ring that runs: EINVAL
  copied, 40 bytes a call: ETIME
  registered, 0 bytes: ETIME
  another, written since: ETIME
  past the end: EFAULT
  both pages unreadable for us
  copied: EFAULT
  registered: ETIME
