  $ cd "$STEPS"

One client has sent 64 KiB, another five bytes, and there are 16 buffers of 1 KiB. The last
line is for Linux 6.17; older kernels do not know the limit.

  $ ./39-greedy-multishot
  receive             greedy:  1 buffers  other: 1
  multishot           greedy: 16 buffers  other: 0 -ENOBUFS
  multishot, limited  greedy:  (1 buffers  other: 1|0 buffers  other: 0 -EINVAL) (re)
