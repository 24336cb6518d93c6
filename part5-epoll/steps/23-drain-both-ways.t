  $ cd "$STEPS"

A stop while 64 KiB are on their way to a slow reader, who then sends one byte more. With both
directions shut down, the byte is answered with a reset; if the end of the stream waits until
everything is acknowledged, everything arrives.

  $ ./23-drain-both-ways
  both shut down  +1?\d{1,4} of 65536 bytes, then Connection reset by peer (re)
  end comes last  65536 of 65536 bytes, then the end
