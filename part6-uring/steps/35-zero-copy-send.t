Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./35-zero-copy-send > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

Most of the message fits into the peer's buffer when it is sent. The rest is read from our
memory later, or from a copy.

  $ ./35-zero-copy-send
  send: the memory is used again after its completion
    result: 262144 bytes
    the peer reads 262144 bytes of this message
  broken, send_zc: used again after the first completion
    result: 262144 bytes, and more will come
    the peer reads 1?\d{1,5} bytes of this message (re)
    notification: the bytes were copied
  fixed, send_zc: used again after the last completion
    result: 262144 bytes, and more will come
    the peer reads 262144 bytes of this message
    notification: the bytes were copied
