  $ cd "$STEPS"

A thread that may not call enter gets a hundred requests done while the kernel polls.
The polling goes on when there is nothing to do, and ends after the time that was set.

  $ ./13-sqpoll
  enter is forbidden: submit without SQPOLL  -EPERM
  done with SQPOLL                           100
  no work, and another 10 ms of processor time
  no work for 10 ms, and from then on no processor time
  enter is forbidden: submit with SQPOLL     -EPERM
  done 50 ms later                           0
  done when we have entered                  1
