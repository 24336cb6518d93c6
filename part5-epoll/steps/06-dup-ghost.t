  $ cd "$STEPS"

The descriptor is closed, yet it is reported, and it cannot be removed: the list
wants the number, and the number names nothing. Only closing the twin ends it.
With EPOLL_CTL_DEL before close the twin does no harm.

  $ ./06-dup-ghost
  ready: 1, for descriptor \d+ \(closed\) (re)
  removing it: Bad file descriptor
  after closing the twin: 0
  removed before close: 0, with the twin still open
