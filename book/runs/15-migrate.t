Skipped where a user may have no namespaces of his own.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/book/steps/15"

A network of its own, for which it may change the setting. It takes user namespaces, or root.

  $ unshare -rn true 2>/dev/null || exit 80
  $ unshare -rn sh -c 'ip link set lo up; echo 1 > /proc/sys/net/ipv4/tcp_migrate_req; ./01-drain'
                                accepted    silent      queued      late
  killed                        ECONNRESET  the end     ECONNRESET  ECONNREFUSED
  drained                       answered    the end     ECONNRESET  ECONNREFUSED
  drained, its backlog first    answered    the end     answered    ECONNREFUSED
  drained, sibling on the port  answered    the end     answered    answered
