Skipped where the kernel's Landlock is older than version 3, or there is no libseccomp.

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ python3 -c 'import ctypes; exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 3)' || exit 80

Two attempts that open nothing. The first version of Landlock stops neither, the third stops one,
and the filter both.

  $ page 08-break-in eve
  $ "$ROOT/book/tools/edit.py" eve.cc << 'END'
  >    report("the same, by a ring", open_by_ring("elsewhere"));
  > +  report("truncate it", truncate("elsewhere", 0));
  > +  report("chmod it", chmod("elsewhere", 0666));
  > END
  $ build eve && ./eve | grep -E 'wall|truncate|chmod'
                         no wall   Landlock  and a filter
  truncate it            done      done      EPERM
  chmod it               done      done      EPERM
  $ "$ROOT/book/tools/edit.py" eve.cc << 'END'
  >    landlock_ruleset_attr forbidden{};
  > -  forbidden.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of version 1
  > +  forbidden.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 3) - 1;  // all of version 3
  >    const long rules = syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0);
  > END
  $ build eve && ./eve | grep -E 'truncate|chmod'
  truncate it            done      EACCES    EPERM
  chmod it               done      done      EPERM

Credentials that are registered before the fence goes up are outside of it, and those registered
afterwards are not.

  $ "$ROOT/book/tools/edit.py" eve.cc << 'END'
  > +    owner = io_uring_register_personality(&ring);
  >      if (walls > 0) put_up_fence("homes");
  > END
  $ build eve && ./eve | grep -E 'elsewhere|ring'
  read a file elsewhere  done      EACCES    EACCES
  the same, by a ring    done      done      EPERM
  $ "$ROOT/book/tools/edit.py" eve.cc << 'END'
  > -    owner = io_uring_register_personality(&ring);
  >      if (walls > 0) put_up_fence("homes");
  > +    owner = io_uring_register_personality(&ring);
  > END
  $ build eve && ./eve | grep ring; rm eve{,.cc}
  the same, by a ring    done      EACCES    EPERM
