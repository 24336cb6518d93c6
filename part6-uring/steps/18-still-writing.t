  $ cd "$STEPS"

A cancel has been answered, and the io worker goes on writing: who used the memory again then finds
other bytes in it. After the read's own completion the kernel writes no more.

  $ ./18-still-writing
                                           -EALREADY  overwritten
  broken, used at the cancel's answer +[1-9]\d* +[1-9]\d* (re)
  fixed, used at the read's completion +[1-9]\d* +0 (re)
