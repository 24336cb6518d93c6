  $ cd "$STEPS"

After its one report the entry is silent: for the byte that is still unread, for another
byte, even for the end of the connection. Each re-arming brings one report of the state
at that time.

  $ ./04-oneshot
  a byte comes                   EPOLLIN
  asked again, byte unread       nothing
  another byte comes             nothing
  re-armed                       EPOLLIN
  the peer has closed            nothing
  re-armed                       EPOLLIN EPOLLHUP
