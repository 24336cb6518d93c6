Skipped where there is no kqueue. Recorded on Linux with libkqueue, whose entries are epoll's. By
the manuals of the BSDs and of macOS there are no events: closing removes the entry.

  $ cd "$STEPS"
  $ [ -x 06-kqueue-twin ] || exit 80
  $ ./06-kqueue-twin
  alice is closed, her twin is open: 1000 events
