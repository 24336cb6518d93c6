Skipped where this machine gives away what waits in a listener's backlog (tcp_migrate_req).

  $ cd "$STEPS"
  $ [ "$(cat /proc/sys/net/ipv4/tcp_migrate_req)" = 0 ] || exit 80

A drain answers whoever has asked of those that the server has accepted. What waits in the backlog
belongs to the listener, and goes with it; a second listener on the port has a backlog of its own.

  $ ./01-drain
                                accepted    silent      queued      late
  killed                        ECONNRESET  the end     ECONNRESET  ECONNREFUSED
  drained                       answered    the end     ECONNRESET  ECONNREFUSED
  drained, its backlog first    answered    the end     answered    ECONNREFUSED
  drained, sibling on the port  answered    the end     ECONNRESET  answered

A second descriptor keeps the listener, and its backlog; and then there is no hurry.

  $ ./01-drain handed | tail -n 2
  drained, the listener kept    answered    the end     answered    answered
  and the silent waited for     answered    answered    answered    answered
