Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./28-bundles > /dev/null; [ $? != 80 ] || exit 80

What each completion says: the number of the first buffer, and the bytes. A bundle of 5,000 bytes
takes two buffers, 0 and 1, so that the next begins with 2. On Linux 6.12 a receive fills one buffer
at a time, bundle or not.

  $ ./28-bundles
  16,384 bytes               [first buffer] bytes                    completions for requests
  receives                   [0] 4096  [1] 4096  [2] 4096  [3] 4096  4 for 4
  a multishot receive        [0] 4096  [1] 4096  [2] 4096  [3] 4096  4 for 1
  a bundle                   \[0\] (16384 +1 for 1|4096 .* 4096  4 for 4) (re)
  sends                      [0] 4096  [1] 4096  [2] 4096  [3] 4096  4 for 4
  a bundle                   [0] 16384                               1 for 1
  a bundle, two buffers      \[0\] (8192 +1 for 1|4096 .* 4096 +2 for 2) (re)
  two more                   \[2\] (8192 +1 for 1|4096 .* 4096 +2 for 2) (re)
  a bundle, 5,000 bytes      \[0\] (5000 +1 for 1|4096 .* 904 +2 for 2) (re)
  100 bytes more             [2] 100                                 1 for 1
