Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ [ -x "$BUILD/finger/fingerd" ] || exit 80

A group that somebody is in, whose users would be served.

  $ $BUILD/finger/fingerd --group $(id -gn) --check-config 2>&1 | tail -n 1
  would serve at .*: [1-9]\d* users? (re)
