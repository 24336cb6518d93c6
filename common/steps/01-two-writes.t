  $ cd "$STEPS"

Each read offers room for 200 KiB. Both small writes have arrived before the reader looks, so it
gets them glued together. The big write comes in pieces: how many and how large is the kernel's
choice, not the writer's.

  $ ./01-two-writes
  2 writes of 5 and 3 bytes, 1 read of 8: helloyou
  1 write of 204800 bytes, reads of \d+( \d+)+ (re)
