Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./31-napi > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

The kernel takes the setting, and a wait over the loopback does nothing with it.

  $ ./31-napi
  registered; before, the ring looked for 0 us
  the connection's NAPI id: 0
  a wait sleeps as before
  unregistered; until now it was 10000 us
