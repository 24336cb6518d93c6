Skipped where this machine gives away what waits in a listener's backlog (tcp_migrate_req).

  $ cd "$STEPS"
  $ [ "$(sysctl -n net.ipv4.tcp_migrate_req)" = 0 ] || exit 80

A drain answers what the server has accepted. What waits in the backlog belongs to the listener, and
goes with it; a second listener on the port has a backlog of its own.

  $ ./01-drain
                                accepted    queued      late
  killed                        ECONNRESET  ECONNRESET  ECONNREFUSED
  drained                       answered    ECONNRESET  ECONNREFUSED
  drained, its backlog first    answered    answered    ECONNREFUSED
  drained, another on the port  answered    ECONNRESET  answered

A second descriptor keeps the listener, and its backlog.

  $ ./01-drain handed | tail -n 1
  drained, the listener kept    answered    answered    answered
