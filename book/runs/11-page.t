Skipped without liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80

The page of chapter 10 waits for a silent client as long as this likes.

  $ page 11
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout 5 ncat --recv-only 127.0.0.1 $port; echo $?
  124

The operations of chapter 10 get another name, and the page gets an object for each of them. First the
accept becomes a coroutine's; the clients are still those of `complete`.

  $ sed -i 's/Operation/Kind/g' page.cc; given operation
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    std::coroutine_handle<> waiting;
  >    int result = 0;
  >  };
  > 
  > +struct Accept : Operation {
  > +  explicit Accept(int from) : listener(from) {}
  > +  void await_suspend(std::coroutine_handle<> caller) {
  > +    io_uring_prep_accept(begin(caller), listener, nullptr, nullptr, SOCK_CLOEXEC);
  > +  }
  > +  int listener;
  > +};
  > +
  >  void request(Kind operation, std::uint64_t id) {
  >  // …
  > -enum class Kind : std::uint8_t { accept, receive, send, close };
  > +enum class Kind : std::uint8_t { receive = 1, send, close };
  >  // …
  > -    case Kind::accept:
  > -      io_uring_prep_accept(sqe, connection.fd, nullptr, nullptr, SOCK_CLOEXEC);
  > -      break;
  >  // …
  > -  if (operation == Kind::accept) {
  > -    request(Kind::accept, id);
  > -    connections[++last_id].fd = check_result(result, "accept");  // this step ends at EMFILE
  > -    request(Kind::receive, last_id);
  > -  } else if (operation == Kind::close) {
  > +  if (operation == Kind::close) {
  >  // …
  > +Detached accept_all(int listener) {
  > +  while (true) {
  > +    const int client = check_result(co_await Accept(listener), "accept");
  > +    connections[++last_id].fd = client;
  > +    request(Kind::receive, last_id);
  > +  }
  > +}
  > +
  >  void run() {
  >  // …
  > -      complete(static_cast<Kind>(user_data & 0xff), user_data >> 8, result);
  > +      if (user_data % 8 == 0) {  // an address
  > +        reinterpret_cast<Operation*>(user_data)->complete(result);
  > +      } else {
  > +        complete(static_cast<Kind>(user_data & 0xff), user_data >> 8, result);
  > +      }
  >  // …
  > -  connections[0].fd = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  > -  request(Kind::accept, 0);
  > +  accept_all(listen_on(argc > 1 ? std::atoi(argv[1]) : 0));
  >    run();
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in 1 2; do echo hi | ncat 127.0.0.1 $port; done; said
  hi
  hi
  connection 1 closed, 0 short sends

A conversation is a coroutine, too. Its send is a call, which waits.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -enum class Kind : std::uint8_t { receive = 1, send, close };
  > -
  > -struct Connection {
  > -// …
  > -};
  > -
  >  io_uring ring;
  > -/// By an id that is never used again, unlike a descriptor's number. Id 0 is the listener.
  > -// …
  > -std::uint64_t last_id = 0;
  >  // …
  > -void request(Kind operation, std::uint64_t id) {
  > -// …
  > -Detached accept_all(int listener) {
  > +struct Receive : Operation {
  > +  Receive(int from, std::span<char> into) : fd(from), bytes(into) {}
  > +  void await_suspend(std::coroutine_handle<> caller) {
  > +    io_uring_prep_recv(begin(caller), fd, bytes.data(), bytes.size(), 0);
  > +  }
  > +  int fd;
  > +  std::span<char> bytes;
  > +};
  > +
  > +Detached serve_client(int client) {
  > +  char bytes[65536];
  > +  while (true) {
  > +    const int got = co_await Receive(client, bytes);
  > +    if (got <= 0) break;
  > +    if (send(client, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) break;
  > +  }
  > +  close(client);
  > +}
  > +
  > +Detached accept_all(int listener) {
  >    while (true) {
  >      const int client = check_result(co_await Accept(listener), "accept");
  > -    connections[++last_id].fd = client;
  > -    request(Kind::receive, last_id);
  > +    serve_client(client);
  >    }
  >  // …
  > -      const std::uint64_t user_data = io_uring_cqe_get_data64(cqe);
  > +      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
  >  // …
  > -      if (user_data % 8 == 0) {  // an address
  > -        reinterpret_cast<Operation*>(user_data)->complete(result);
  > -      } else {
  > -        complete(static_cast<Kind>(user_data & 0xff), user_data >> 8, result);
  > -      }
  > +      operation->complete(result);
  > END
  $ build page && start ./page; echo hi | ncat 127.0.0.1 $port
  listening on 127\.0\.0\.1:\d+ (re)
  hi
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 3 cat /dev/zero >&5; crowd 1
  $ echo hi | timeout 2 ncat 127.0.0.1 $port; echo $?
  124

The send as an operation.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Detached serve_client(int client) {
  >  // …
  > -    if (send(client, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) break;
  > +    const std::string_view answer(bytes, static_cast<std::size_t>(got));
  > +    if (co_await Send(client, answer) < got) break;
  >  // …
  > +struct Send : Operation {
  > +  Send(int to, std::string_view what) : fd(to), bytes(what) {}
  > +  void await_suspend(std::coroutine_handle<> caller) {
  > +    // yours
  > +  }
  > +  int fd;
  > +  std::string_view bytes;
  > +};
  > +
  >  Detached serve_client(int client) {
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    // yours
  > +    const int flags = MSG_WAITALL | MSG_NOSIGNAL;
  > +    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), flags);
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 3 cat /dev/zero >&5; crowd 1
  $ echo hi | timeout 2 ncat 127.0.0.1 $port; exec 5>&-; sleep 0.2; echo hi | ncat 127.0.0.1 $port
  hi
  hi
  $ numbers() { exec 6<>/dev/tcp/127.0.0.1/$port; (seq 3000000 >&6 &); sleep 1
  >   timeout --foreground 9 head -c 22888896 <&6 | cmp - <(seq 3000000) && echo all of it; exec 6>&-; }
  $ numbers
  all of it
  $ count_calls ./page 0
   +(19\d|20\d) io_uring_enter (re)

A task: one coroutine hands the thread to another.

  $ given task
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      if (frame) frame.destroy();
  >    }
  > 
  > +  bool await_ready() const { return false; }
  > +  Handle await_suspend(std::coroutine_handle<> caller) const {
  > +    frame.promise().waiting = caller;
  > +    return frame;
  > +  }
  > +  bool await_resume() const { return frame.promise().result; }
  > +
  >    Handle frame;
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Detached serve_client(int client) {
  > -  char bytes[65536];
  > -  while (true) {
  > -// …
  > -  }
  > +  co_await serve(client);
  >    close(client);
  >  }
  >  // …
  > +Task receive_all(int client, std::span<char> room) {
  > +  co_return false;  // yours
  > +}
  > +
  > +Task serve(int client) {
  > +  while (true) {
  > +    char header[4];
  > +    if (!co_await receive_all(client, header)) co_return false;
  > +    const std::size_t size = length_in(header);
  > +    std::string message(header, 4);
  > +    message.resize(4 + size);
  > +    if (!co_await receive_all(client, std::span(message).subspan(4))) co_return false;
  > +    if (co_await Send(client, message) < static_cast<int>(4 + size)) co_return false;
  > +  }
  > +}
  > +
  >  Detached serve_client(int client) {
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Task receive_all(int client, std::span<char> room) {
  > -  co_return false;  // yours
  > +  while (!room.empty()) {
  > +    const int got = co_await Receive(client, room);
  > +    if (got <= 0) co_return false;  // the end, an error, or cancelled
  > +    room = room.subspan(static_cast<std::size_t>(got));
  > +  }
  > +  co_return true;
  >  }
  > END
  $ pieces() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0' >&5; sleep 0.2
  >   printf '\0\0h' >&5; sleep 0.2; printf i >&5; timeout --foreground 2 head -c 6 <&5 | xxd; }
  $ build page && start ./page && pieces
  listening on 127\.0\.0\.1:\d+ (re)

Nobody resumed serve. A task that has ended has to.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    using Handle = std::coroutine_handle<promise_type>;
  > +  struct End : std::suspend_always {
  > +    std::coroutine_handle<> await_suspend(Handle ended) noexcept { return ended.promise().waiting; }
  > +  };
  >    struct promise_type {
  >  // …
  > -    std::suspend_always final_suspend() noexcept { return {}; }
  > +    End final_suspend() noexcept { return {}; }
  > END
  $ build page && start ./page && pieces
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ for i in {1..10}; do printf '\5\0\0\0hel' >/dev/tcp/127.0.0.1/$port; done; sleep 0.5; ls /proc/$pid/fd | wc -l
  6

A coroutine whose parameter is a reference: when Alice leaves, Bob is cut off.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -Detached serve_client(int client) {
  > +Detached serve_client(const int& client) {
  > END
  $ two() { exec 5<>/dev/tcp/127.0.0.1/$port 6<>/dev/tcp/127.0.0.1/$port; sleep 0.2; exec 5>&-
  >   sleep 0.2; printf '\2\0\0\0hi' >&6; timeout 1 head -c 6 <&6 2>/dev/null | xxd; exec 6>&-; }
  $ build page && start ./page; two
  listening on 127\.0\.0\.1:\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -Detached serve_client(const int& client) {
  > +Detached serve_client(int client) {
  > END
  $ build page && start ./page; two
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ sed 's/accept_all(int listener)/accept_all(const int\& listener)/' page.cc > lent.cc
  $ build lent -O0 -g -fsanitize=address && start ./lent 2> errors; say_hi 2>/dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ grep -o 'stack-use-after-scope on\|#0 .* in accept_all' errors
  stack-use-after-scope on
  #0 0x\w+ in accept_all (re)
  $ build lent && start ./lent; two
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi

A length without a limit: one client's promise ends the server, which may take 1 GiB.

  $ build page && start ./page; prlimit --as=1073741824 --pid $pid
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\377\377\377\377' | timeout 2 ncat 127.0.0.1 $port; wait $pid; echo "exit status $?"
  terminate called after throwing an instance of 'std::bad_alloc'
    what():  std::bad_alloc
  exit status 134
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      const std::size_t size = length_in(header);
  > +    if (size > 65536) co_return false;
  >      std::string message(header, 4);
  > END
  $ build page && start ./page; printf '\377\377\377\377' | timeout 2 ncat 127.0.0.1 $port; echo $?
  listening on 127\.0\.0\.1:\d+ (re)
  0

A promise that's kept by nobody takes its memory.

  $ promises() { crowd 500; for c in ${clients[@]}; do printf '\0\0\1\0x' >&$c; done; arrived; memory | grep RSS; }
  $ start ./page; memory | grep RSS; promises
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: [1-9]\d{3} (re)
  VmRSS: [34]\d{4} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      std::string message(header, 4);
  > -    message.resize(4 + size);
  > -    if (!co_await receive_all(client, std::span(message).subspan(4))) co_return false;
  > +    while (message.size() < 4 + size) {  // in pieces: an announcement gets no memory
  > +      const std::size_t received = message.size();
  > +      message.resize(std::min(4 + size, received + 4096));
  > +      if (!co_await receive_all(client, std::span(message).subspan(received))) co_return false;
  > +    }
  >  // …
  > +#include <algorithm>
  > END
  $ build page && start ./page; promises
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: [1-9]\d{3} (re)

A close that destroys answers, and chapter 3's three moves.

  $ long() { for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; (long; printf '\377\377\377\377'; yes | head -c 9999) >&5 2>/dev/null
  >   sleep 0.5; cat <&5 2>/dev/null | wc -c; }
  $ start ./page; owed
  listening on 127\.0\.0\.1:\d+ (re)
  (?!1310800)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Detached serve_client(int client) {
  >    co_await serve(client);
  > -  close(client);
  > +  hang_up(client);
  >  }
  >  // …
  > +Task hang_up(int client) {
  > +  char discarded[1024];
  > +  if (shutdown(client, SHUT_WR) == 0) {
  > +    while (co_await Receive(client, discarded) > 0) {
  > +    }
  > +  }
  > +  close(client);
  > +  co_return true;
  > +}
  > +
  >  Detached serve_client(int client) {
  > END
  $ build page && start ./page; printf '\377\377\377\377' | timeout 2 ncat 127.0.0.1 $port; echo $?
  listening on 127\.0\.0\.1:\d+ (re)
  124
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -struct Task {
  > +struct [[nodiscard]] Task {
  > END
  $ build page 2>&1 | grep -o 'ignoring returned value'
  ignoring returned value
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    co_await serve(client);
  > -  hang_up(client);
  > +  co_await hang_up(client);
  > END
  $ build page && start ./page; owed
  listening on 127\.0\.0\.1:\d+ (re)
  1310800

A limit for each receive and each send: first the list of what is in flight.

  $ given patience
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +/// An operation that is cancelled when it has not completed in time.
  > +struct Limited : Operation {
  > +  explicit Limited(milliseconds its_limit) : limit(its_limit) {}
  > +  io_uring_sqe* begin(std::coroutine_handle<> caller) {
  > +    place = by_time.emplace(Clock::now() + limit, this);
  > +    return Operation::begin(caller);
  > +  }
  > +  int await_resume() const {
  > +    by_time.erase(place);
  > +    return result;
  > +  }
  > +
  > +  static inline std::multimap<Clock::time_point, Limited*> by_time;  // the earliest first
  > +  std::multimap<Clock::time_point, Limited*>::iterator place;
  > +  milliseconds limit;
  > +};
  > +
  > -struct Receive : Operation {
  > -  Receive(int from, std::span<char> into) : fd(from), bytes(into) {}
  > +struct Receive : Limited {
  > +  Receive(int from, std::span<char> into, milliseconds its_limit = patience)
  > +      : Limited(its_limit), fd(from), bytes(into) {}
  >  // …
  > -struct Send : Operation {
  > -  Send(int to, std::string_view what) : fd(to), bytes(what) {}
  > +struct Send : Limited {
  > +  Send(int to, std::string_view what) : Limited(patience), fd(to), bytes(what) {}
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Task receive_all(int client, std::span<char> room) {
  >  // …
  > +void cancel(Limited& operation) {
  > +  io_uring_sqe* sqe = free_sqe();
  > +  io_uring_prep_cancel(sqe, &operation, 0);
  > +  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  > +  io_uring_sqe_set_data(sqe, nullptr);  // even a cancel that is too late has a completion
  > +}
  > +
  > +Detached cancel_what_is_late() {
  > +  while (true) {
  > +    co_await Sleep(50ms);
  > +    // yours
  > +  }
  > +}
  > +
  >  // The length in the first four bytes, lowest byte first.
  >  // …
  >    accept_all(listen_on(argc > 1 ? std::atoi(argv[1]) : 0));
  > +  cancel_what_is_late();
  >    run();
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    // yours
  > +    for (const auto& [due, operation] : Limited::by_time) {
  > +      if (due > Clock::now()) break;
  > +      cancel(*operation);
  > +    }
  >    }
  > END
  $ build page && start ./page 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ TIMEFORMAT='%R s'; time timeout 5 ncat --recv-only 127.0.0.1 $port
  [0-4]\.\d+ s (re)

A cancel that comes too late has a completion, and no operation waits for it. Without the line that
expects that, the server ends as one that has used a null pointer.

  $ late() { crowd 40; suspend; sleep 2.5; for c in ${clients[@]}; do printf '\1\0\0\0x' >&$c; done
  >   kill -CONT $pid; for c in ${clients[@]}; do head -c 5 <&$c; done 2>/dev/null | wc -c; }
  $ start ./page 0 --read-timeout 2s && late
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ exit_status
  exit status 139
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >        io_uring_cqe_seen(&ring, cqe);  // from here on the kernel may overwrite it
  > +      if (operation == nullptr) continue;  // a cancel that came too late
  >        operation->complete(result);
  > END
  $ build page && start ./page 0 --read-timeout 2s && late
  listening on 127\.0\.0\.1:\d+ (re)
  200
  $ kill $pid; exit_status
  exit status 143

A client that is hung up on and goes on speaking.

  $ speaks_on() { exec 5<>/dev/tcp/127.0.0.1/$port; (printf '\377\377\377\377'; for i in {1..40}; do
  >   printf x; sleep 0.1; done) >&5 2>/dev/null; ss -tnHp sport = :$port | grep -c pid; }
  $ start ./page; speaks_on
  listening on 127\.0\.0\.1:\d+ (re)
  1
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    char discarded[1024];
  > +  const auto give_up = Clock::now() + 2s;
  > +  int got = 1;
  >    if (shutdown(client, SHUT_WR) == 0) {
  > -    while (co_await Receive(client, discarded) > 0) {
  > -    }
  > +    while (got > 0 && Clock::now() < give_up) got = co_await Receive(client, discarded, 2s);
  >    }
  > END
  $ build page && start ./page; speaks_on
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [1]

No descriptor is left, and the server ends.

  $ start ./page; prlimit --nofile=8 --pid $pid; crowd 9 2>/dev/null; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  accept: Too many open files
  exit status 1
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    const int client = check_result(co_await Accept(listener), "accept");
  > -    serve_client(client);
  > +    const int client = co_await Accept(listener);
  > +    if (client >= 0) {
  > +      serve_client(client);
  > +    } else {
  > +      co_await Sleep(100ms);  // perhaps no descriptor is free, and a retry would fail again
  > +    }
  >    }
  > END
  $ build page && start ./page; prlimit --nofile=8 --pid $pid; crowd 9; calls_while sleep 1; wc -l < calls
  listening on 127\.0\.0\.1:\d+ (re)
  [2-9]\d (re)
  $ disperse; sleep 0.3; say_hi

Permits.

  $ third() { crowd 2; printf '\2\0\0\0hi' | timeout 1 ncat 127.0.0.1 $port | xxd; }
  $ given eventfd
  $ build page && start ./page 0 --max-connections 2; third
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +/// Takes a permit, when there is one.
  > +struct TakePermit : Operation {
  > +  void await_suspend(std::coroutine_handle<> caller) {
  > +    io_uring_prep_read(begin(caller), permits, &one, sizeof one, 0);
  > +  }
  > +  eventfd_t one = 0;
  > +};
  > +
  >  /// An operation that is cancelled when it has not completed in time.
  >  // …
  >    co_await hang_up(client);
  > +  eventfd_write(permits, 1);
  >  }
  >  // …
  > +    co_await TakePermit();
  >      const int client = co_await Accept(listener);
  >  // …
  >      } else {
  > +      eventfd_write(permits, 1);
  >        co_await Sleep(100ms);  // perhaps no descriptor is free, and a retry would fail again
  > END
  $ build page && start ./page 0 --max-connections 2; third
  listening on 127\.0\.0\.1:\d+ (re)
  $ disperse; sleep 0.3; printf '\2\0\0\0hi' | timeout 1 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ stop
