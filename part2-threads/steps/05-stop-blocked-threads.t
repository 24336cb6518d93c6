  $ cd "$STEPS"

One thread waits in accept, one in recv for a client that says nothing. A third connection has five
bytes that nobody has read. All three sockets are shut down for reading; only then does anyone read
the five bytes, and the end comes behind them.

  $ ./05-stop-blocked-threads
  accept: Invalid argument
  silent client: recv gave 0
  client with bytes queued: recv gave 5
  client with bytes queued: recv gave 0
