  $ cd "$STEPS"

The first message has not moved. Its bytes have been overwritten by the next one, and no tool
complains: the memory is valid all the time.

  $ ./06-borrowed-view
  first message, when it came   : pay alice
  second message                : bob sleeps
  first message, after that read: bob sleep
