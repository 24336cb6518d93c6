  $ cd "$STEPS"

The client does not read, so the send blocks; its timeout expires after a tenth of a second. That is
no error: some of the bytes are on their way, and the return value says how many. With a reader, the
loop sends the rest.

  $ ./03-short-write
  send of 4194304 bytes took [1-9]\d{3,5} (re)
  after the loop the client has 4194304
