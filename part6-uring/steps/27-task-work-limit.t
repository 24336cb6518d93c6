  $ cd "$STEPS"

The messages that each call brings. The kernel does the work in portions of 20, and 200 of it
where it has no such limit.

  $ ./27-task-work-limit
  not deferred, asks for 1    200
  deferred, asks for 1        (20 40 40 40 40 20|200) (re)
  the same, multishot         (20 40 40 40 40 20|200) (re)
  deferred, asks for 64       (64 128 8|200) (re)
  1, or by the flag 1024      200
