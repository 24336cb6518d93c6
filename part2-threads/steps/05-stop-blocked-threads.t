  $ cd "$STEPS"

One thread waits in accept, one in recv for a silent client. A third connection has five unread
bytes. All three sockets are shut down for reading; only then are the five bytes read, and the end
of stream comes after them.

  $ ./05-stop-blocked-threads
  accept: Invalid argument
  silent client: recv gave 0
  client with bytes queued: recv gave 5
  client with bytes queued: recv gave 0
