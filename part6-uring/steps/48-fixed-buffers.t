  $ cd "$STEPS"

An address in a registered buffer is read to. Every other is an error, whatever memory is there.

  $ ./48-fixed-buffers
  not registered yet       -EFAULT
  register                 0
  inside of it             5
  over its end             -EFAULT
  memory of another name   -EFAULT
  buffer 1, of one         -EFAULT
  register again           -EBUSY
