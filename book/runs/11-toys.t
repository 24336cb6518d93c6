  $ . "$ROOT/tools/shell.sh"

What the reader of chapter 11 does with copies of steps. Two coroutines sleep at the same time.

  $ page 05-smallest-coroutine slow
  $ "$ROOT/book/tools/edit.py" slow.cc << 'END'
  > -    io_uring_prep_nop(sqe);
  > +    static __kernel_timespec second{1, 0};
  > +    io_uring_prep_timeout(sqe, &second, 0, 0);
  > END
  $ TIMEFORMAT='%R s'; build slow && time ./slow | tail -n 1
  bob is done
  [3-5]\.\d+ s (re)

A million tasks that never wait: with an End that returns the handle, and with one that resumes it.

  $ page 20-who-goes-on many
  $ "$ROOT/book/tools/edit.py" many.cc << 'END'
  >    std::puts("    inner begins");
  > -  const int sent = co_await Operation();
  > +  const int sent = 17;
  >    std::puts("    inner goes on");
  >  // …
  >    std::puts("  outer begins");
  > -  const int sent = co_await inner();
  > +  int sent = 0;
  > +  for (int i = 0; i < 1'000'000; ++i) sent = co_await inner();
  >  // …
  > -  Operation::in_flight->complete(17);
  > END
  $ build many && (./many > /dev/null; echo "exit status $?") 2>/dev/null
  exit status 0
  $ "$ROOT/book/tools/edit.py" many.cc << 'END'
  > -      return ended.promise().waiting;
  > +      ended.promise().waiting.resume();
  > +      return std::noop_coroutine();
  > END
  $ build many && (./many > /dev/null; echo "exit status $?") 2>/dev/null
  exit status 139
