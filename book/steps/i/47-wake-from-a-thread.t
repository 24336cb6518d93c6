Skipped where the kernel is too old.

  $ cd "$STEPS"
  $ ./47-wake-from-a-thread > "$CRAMTMP/seen"; [ $? != 80 ] || exit 80

The thread has no ring. Which of the two is faster to tell is chance, so they are sorted.

  $ ./47-wake-from-a-thread | sort
  received: user_data 7, result 1
  received: user_data 7, result 4
  received: user_data 7, result 9
  sent: 0
  sent: 0
  sent: 0
  to no ring: EBADFD
