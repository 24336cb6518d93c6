  $ cd "$STEPS"

The broken form gets an error for the second park and for the second watch. The mended
form calls epoll_ctl only when something changes.

  $ ./16-park-twice
  broken, all places taken, park: ok
  broken, no descriptor left, park: No such file or directory
  broken, one client leaves, watch: ok
  broken, another leaves, watch: File exists
  mended, all places taken, park: ok
  mended, no descriptor left, park: ok
  mended, one client leaves, watch: ok
  mended, another leaves, watch: ok
