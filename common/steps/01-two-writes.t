  $ cd "$STEPS"

Each read offers room for 200 KiB. Both small writes have arrived before the reader looks, so
one read returns both. The big write comes in pieces: the kernel, not the writer, decides how
many and how large.

  $ ./01-two-writes
  2 writes of 5 and 3 bytes, 1 read of 8: helloyou
  1 write of 204800 bytes, reads of \d+( \d+)+ (re)
