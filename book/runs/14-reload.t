Skipped where the daemon is not built, without root, and where root may not change its user.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ [ -x "$BUILD/finger/fingerd" ] && [ "$(id -u)" = 0 ] && getent group adm > /dev/null || exit 80
  $ setpriv --reuid 4001 --clear-groups true || exit 80

Root is in the parent alone. A client has sent half a name when the group is read anew: it is
answered by the worker that has this half, and then there is only the fresh one.

  $ start finger --addr 127.0.0.1 --group adm --query-timeout 60s --deadline 60s 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ ps -o user=,pid= --pid $pid --ppid $pid
  root +\d+ (re)
  (nobody|fingerd) +\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf ali >&5; sleep 1
  $ kill -HUP $pid; sleep 1
  $ ps -o user=,pid= --pid $pid --ppid $pid
  root +\d+ (re)
  (nobody|fingerd) +\d+ (re)
  (nobody|fingerd) +\d+ (re)
  $ printf 'ce\r\n' >&5; cat <&5; exec 5>&-; sleep 1
  Error: No such user\r (esc)
  $ ps -o user=,pid= --pid $pid --ppid $pid
  root +\d+ (re)
  (nobody|fingerd) +\d+ (re)
  $ stop
