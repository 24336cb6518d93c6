  $ cd "$STEPS"

The errno of an interrupted open is the kernel's own affair.

  $ ./03-fifo-trap
  fixed: open with O_NONBLOCK
    open: done
    a regular file: no
  broken: open
    a linked timeout of 100 ms, after 500 ms: still waits
    cancelled: (-512|-EINTR|-ECANCELED) (re)
