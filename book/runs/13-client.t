Skipped where fingerd is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ [ -x "$BUILD/finger/fingerd" ] || exit 80
  $ mkdir -p users/mallory

  $ rm -f users/mallory/.plan; printf '\e[2J\e[HAll is well.\n' > users/mallory/.plan
  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask 'mallory\r\n'
  ^[[2J^[[HAll is well.^M$
  $ $BUILD/finger/finger mallory@127.0.0.1 -p $port
  \x1b[2J\x1b[HAll is well.
  $ stop
