  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/book/steps/15"

A header ends where the client's own bytes begin, and only our proxy is believed.

  $ ./04-proxy-header | sed -n '1p; 14,$p'
  v1                         44 bytes, then hi, from 192.0.2.7 51000
  the proxy says so:  192.0.2.7 51000
  half of a header:   not known yet
  a stranger says so: 203.0.113.9
