Skipped where the kernel has no Landlock, or the step is not built without libseccomp.

  $ cd "$STEPS"
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$STEPS/../../CMakeCache.txt" || exit 80
  $ python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' || exit 80

What the attacker's code can do. A key beside a plan is a file like the plan.

  $ ./08-break-in
                         no wall   Landlock  and a filter
  read a plan            done      done      done
  read a key beside it   done      done      done
  read a file elsewhere  done      EACCES    EACCES
  the same, by a ring    done      EACCES    EPERM
  overwrite a plan       done      EACCES    EACCES
  make a socket          done      done      EPERM
  make a process         done      done      EPERM
  run a program          done      EACCES    EPERM
