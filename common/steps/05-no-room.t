  $ cd "$STEPS"

The buffer of 16 bytes holds a message of 13 and three bytes of the next one's length. One byte is
missing, and the first server asks whether there is space for it after the beginning of those three.
There is, so it moves nothing, asks for 0 bytes, and gets them. The client is alive and has 4 bytes
waiting.

  $ ./05-no-room
  asking too little:
    asked for 16, got 16
    asked for 0, got 0: "the peer has closed"
  repaired:
    asked for 16, got 16
    asked for 13, got 4
