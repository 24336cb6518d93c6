  $ /usr/bin/python3 "$TESTDIR/proxy-check.py" "$EXAMPLES/proxy"
  five megabytes
  half close
  slow reader
  idle
  one too many
  either is killed
  a reset stays one
  nobody listens
  $ "$EXAMPLES/proxy"
  usage: proxy PORT TARGET-ADDRESS TARGET-PORT [CONNECTIONS [IDLE-MS]]
  [2]
