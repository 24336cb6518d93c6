  $ cd "$STEPS"

What the loop relies on, tried. Linux 5.10 answers "-EAGAIN", "bytes twice", "0 bytes" and
"3 wait".

  $ ./24-what-a-floor-is
  what is asked for                        this kernel        relied on
  a send that falls short                  how much it took   how much it took
  the rest is sent, and the peer receives  each byte once     each byte once
  a receive of length 0, 5 bytes are there 5 bytes            5 bytes
  6 receives, 3 buffers, and no bytes      6 wait             6 wait
