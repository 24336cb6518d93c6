  $ cd "$STEPS"

The socket is there before the first server and after it, and so are the clients in its backlog.

  $ ./03-socket-activation
  four clients have connected and asked; no server runs
  manager: a client waits, and a server is started
  server: descriptor 3 listens
  server: answers client A
  server: answers client B
  manager: the server has ended
  manager: a client waits, and a server is started
  server: descriptor 3 listens
  server: answers client C
  server: answers client D
  manager: the server has ended
  answered: 4

Variables that are meant for another process mean nothing.

  $ LISTEN_PID=1 LISTEN_FDS=1 ./03-socket-activation serve
  server: no socket was passed
  [1]
