  $ cd "$STEPS"

Each run serves one client and closes first, so its end of the connection stays in TIME_WAIT. The
last line is the surprise: on Linux both owners of the port must have set the option, the old one
and the new.

  $ ./05-restart
  without, first run:      bound
  without, second run:     Address already in use
  with, first run:         bound
  with, second run:        bound
  with, but too late:      Address already in use

A setting for the side that connects. Even where it is on for the loopback, 2, or everywhere, 1, it
does nothing for a server.

  $ cat /proc/sys/net/ipv4/tcp_tw_reuse
  [012] (re)
