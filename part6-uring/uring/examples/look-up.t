  $ printf '127.0.0.1\n::1\r\n192.0.2.7' | "$EXAMPLES/look-up"
  127.0.0.1
  ::1
  192.0.2.7
  $ echo a..b | "$EXAMPLES/look-up"
  Name or service not known
