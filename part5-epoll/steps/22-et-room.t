  $ cd "$STEPS"

  $ ./22-et-room
  registered                       EPOLLOUT
  asked again                      nothing
  we send 2 bytes, all are taken   nothing
  a byte comes                     EPOLLIN EPOLLOUT
  we send until EAGAIN             nothing
  the peer has read everything     EPOLLIN EPOLLOUT
