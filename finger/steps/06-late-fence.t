Skipped where the kernel has no Landlock.

  $ cd "$STEPS"
  $ python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' || exit 80

Credentials that a ring got before the fence went up are outside of it.

  $ ./06-late-fence
                          homes/alice/.plan  elsewhere
  the process itself      a plan             EACCES
  registered afterwards   a plan             EACCES
  registered before       a plan             a secret
