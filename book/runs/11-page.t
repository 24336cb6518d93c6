Skipped where the steps of part 6 are not built, which need liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80

What the reader of chapter 11 does with copies. Two coroutines sleep at the same time.

  $ page 05-smallest-coroutine slow
  $ "$ROOT/book/tools/edit.py" slow.cc << 'END'
  > -    io_uring_prep_nop(sqe);
  > +    static __kernel_timespec second{1, 0};
  > +    io_uring_prep_timeout(sqe, &second, 0, 0);
  > END
  $ TIMEFORMAT='%R s'; build slow && time ./slow | tail -n 1
  bob is done
  [3-5]\.\d+ s (re)

A client on a bad line, whose message comes in three pieces.

  $ page 17-coroutine-echo page11
  $ "$ROOT/book/tools/edit.py" page11.cc << 'END'
  >  Task receive_all(int fd, std::span<char> room) {
  > -  co_return false;  // yours
  > +  while (!room.empty()) {
  > +    const int got = co_await Receive(fd, room);
  > +    if (got <= 0) co_return false;  // the end, an error, or cancelled
  > +    room = room.subspan(static_cast<std::size_t>(got));
  > +  }
  > +  co_return true;
  >  }
  > END
  $ build page11 && start ./page11 && exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0' >&5; sleep 0.2; printf '\0\0h' >&5; sleep 0.2; printf i >&5; head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi

A task that nobody awaits does nothing, and the compiler can say so.

  $ "$ROOT/book/tools/edit.py" page11.cc << 'END'
  >    co_await serve(client);
  > -  co_await hang_up(client);
  > +  hang_up(client);
  > END
  $ build page11 && start ./page11 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  124
  $ "$ROOT/book/tools/edit.py" page11.cc << 'END'
  > -struct Task {
  > +struct [[nodiscard]] Task {
  > END
  $ build page11 2>&1 | grep -o 'ignoring returned value'
  ignoring returned value
  $ "$ROOT/book/tools/edit.py" page11.cc << 'END'
  >    co_await serve(client);
  > -  hang_up(client);
  > +  co_await hang_up(client);
  > END

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

A cancel that comes too late has a completion, and no operation waits for it. Without the line that
expects that, the server ends as one that has used a null pointer.

  $ late() { crowd 40; suspend; sleep 2.5; for c in ${clients[@]}; do printf '\1\0\0\0x' >&$c; done
  >   kill -CONT $pid; for c in ${clients[@]}; do head -c 5 <&$c; done 2>/dev/null | wc -c; }
  $ build page11 && start ./page11 0 --read-timeout 2s && late
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ exit_status
  exit status 139
  $ "$ROOT/book/tools/edit.py" page11.cc << 'END'
  >        io_uring_cqe_seen(&ring, cqe);
  > +      if (operation == nullptr) continue;  // a cancel that came too late
  >        operation->complete(result);
  > END
  $ build page11 && start ./page11 0 --read-timeout 2s && late
  listening on 127\.0\.0\.1:\d+ (re)
  200
  $ kill $pid; exit_status
  exit status 0

It is the step now, but for what forbids to drop a task.

  $ sed '/^ *\/\/ \[/d' $ROOT/part6-uring/steps/17-coroutine-echo.cc | diff page11.cc - | grep -c '^[<>]'
  2
