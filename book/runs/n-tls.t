A handshake, and two messages that come at once. How many bytes it takes is the library's business.

  $ /usr/bin/python3 "$ROOT/book/solutions/d/tls.py"
  client wants to read, and has \d+ bytes to send (re)
  server wants to read, and has \d+ bytes to send (re)
  client wants to read, and has \d+ bytes to send (re)
  server is open,       and has \d+ bytes to send (re)
  two messages: \d+ bytes come, and the session has 10 (re)
