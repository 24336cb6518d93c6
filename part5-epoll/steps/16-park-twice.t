  $ cd "$STEPS"

The broken form gets an error for the second park and for the second watch. The fixed
form calls epoll_ctl only when something changes.

  $ ./16-park-twice
  broken, all places taken, park: ok
  broken, no descriptor left, park: No such file or directory
  broken, one client leaves, watch: ok
  broken, another leaves, watch: File exists
  fixed, all places taken, park: ok
  fixed, no descriptor left, park: ok
  fixed, one client leaves, watch: ok
  fixed, another leaves, watch: ok
