Skipped where no process may have its memory at fixed addresses, as GCC 12's ThreadSanitizer needs it.

  $ cd "$STEPS"
  $ setarch -R true 2> /dev/null || exit 80

The plain counter loses a good part of what the four threads count. Without the system call in the
middle, and on one core, it mostly loses nothing, which is worse: a test that looks at the number
proves nothing.

  $ ./01-shared-counter
  counted  800000
  plain    [1-9]\d* (re)
  atomic   800000
  $ taskset -c 0 ./01-shared-counter quickly
  counted  800000
  plain    [1-9]\d* (re)
  atomic   800000

The thread sanitizer does not look at the number. It sees two threads access the same memory with
nothing to order them, and reports where, whatever the number.

  $ setarch -R ./01-shared-counter-tsan quickly 2>&1 | grep -o '[^/ ]*cc:[0-9]*' | head -n 2
  01-shared-counter\.cc:2[35] (re)
  01-shared-counter\.cc:2[35] (re)
