Skipped without liburing (Debian: liburing-dev).

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^liburing_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80

A server that closes the descriptor of a client that is late, in place of cancelling its receive: the
client stays connected, to no process.

  $ page 12
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >        if (due > Clock::now()) break;
  > -      cancel(*operation);
  > +      close(6);
  >      }
  > END
  $ build page && start ./page 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; sleep 1; ss -tnHp sport = :$port
  ESTAB +0 +0 +127.0.0.1:\d+ +127.0.0.1:\d+ * (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >        if (due > Clock::now()) break;
  > -      close(6);
  > +      cancel(*operation);
  >      }
  > END

A limit for each receive lets a client that dribbles get all of its message in, and more.

  $ dribble() { printf '\20\0\0\0'; while printf x; do sleep 0.1; done; }
  $ TIMEFORMAT='%R s'; build page && start ./page 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 2>/dev/null | { time wc -c <&5; }
  20
  (1\.[6-9]|[2-9]\.)\d* s (re)

A list of what is in flight, for whoever may end it.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +#include <list>
  >  // …
  > +struct Operation;
  > +
  > +/// Ends the operations that name it: those in flight, and those that would begin later.
  > +struct Canceller {
  > +  void cancel() {
  > +    cancelled = true;
  > +    for (Operation* operation : operations) {
  > +      io_uring_sqe* sqe = free_sqe();
  > +      io_uring_prep_cancel(sqe, operation, 0);
  > +      io_uring_sqe_set_data(sqe, nullptr);  // nobody waits for its answer
  > +    }
  > +  }
  > +
  > +  std::list<Operation*> operations;  // those in flight
  > +  bool cancelled = false;
  > +};
  > +
  > +Canceller never;  // for what nothing ends
  > +
  >  /// A request that is awaited. It is part of the coroutine's frame, and its address is the
  >  /// user_data.
  >  struct Operation {
  > -  bool await_ready() const { return false; }   // it has not been submitted
  > -  int await_resume() const { return result; }  // the value of co_await
  > +  explicit Operation(Canceller& its_canceller = never) : canceller(its_canceller) {}
  > +  bool await_ready() const { return canceller.cancelled; }  // then it ends without beginning
  > +  int await_resume() const { return result; }               // the value of co_await
  >  // …
  >      waiting = caller;
  > +    place = canceller.operations.insert(canceller.operations.end(), this);
  >      io_uring_sqe* sqe = free_sqe();
  >  // …
  >    void complete(int its_result) {
  > +    canceller.operations.erase(place);
  >      result = its_result;
  >  // …
  > +  Canceller& canceller;
  > +  std::list<Operation*>::iterator place;
  >    std::coroutine_handle<> waiting;
  > -  int result = 0;
  > +  int result = -ECANCELED;
  >  };
  > END
  $ build page && start ./page; say_hi
  listening on 127\.0\.0\.1:\d+ (re)

A canceller with a time, which each client has one of. Nothing looks at the clock.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +/// Cancels when its time has passed.
  > +struct Deadline : Canceller {
  > +  explicit Deadline(milliseconds from_now)
  > +      : place(by_time.emplace(Clock::now() + from_now, this)) {}
  > +  Deadline(const Deadline&) = delete;
  > +  ~Deadline() { by_time.erase(place); }
  > +
  > +  void set(milliseconds from_now) {
  > +    by_time.erase(place);
  > +    place = by_time.emplace(Clock::now() + from_now, this);
  > +    cancelled = false;
  > +  }
  > +
  > +  static inline std::multimap<Clock::time_point, Deadline*> by_time;  // the earliest first
  > +  std::multimap<Clock::time_point, Deadline*>::iterator place;
  > +};
  > +
  >  /// An operation that is cancelled when it has not completed in time.
  > END
  $ given client
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  void run() {
  >  // …
  >        operation->complete(result);
  >      }
  > +    // yours
  >    }
  >  }
  >  // …
  >  Task serve(Client& client) {
  >    while (true) {
  > +    client.deadline.set(patience);
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    // yours
  > +    const auto now = Clock::now();
  > +    for (const auto& [due, deadline] : Deadline::by_time) {
  > +      if (due > now) break;
  > +      deadline->cancel();
  > +    }
  > END
  $ silent() { exec 5<>/dev/tcp/127.0.0.1/$port; timeout --foreground 2 cat <&5; echo $?; }
  $ build page && start ./page 0 --read-timeout 500ms; silent
  listening on 127\.0\.0\.1:\d+ (re)
  124

The loop has to wake up in time. A wait whose time is over has an error.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +/// Sleeps until something has completed, or the first deadline is due.
  > +void submit_and_wait() {
  > +  auto first = Clock::now() + 1h;
  > +  if (!Deadline::by_time.empty()) first = std::min(first, Deadline::by_time.begin()->first);
  > +  const std::chrono::nanoseconds left = std::max(first - Clock::now(), Clock::duration::zero());
  > +  __kernel_timespec time{left / 1s, (left % 1s).count()};
  > +  io_uring_cqe* cqe;
  > +  const int submitted = io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &time, nullptr);
  > +  if (submitted != -EINTR) check_result(submitted, "io_uring_enter");
  > +}
  > +
  >  void run() {
  >    while (true) {
  > -    const int submitted = io_uring_submit_and_wait(&ring, 1);
  > -    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
  > +    submit_and_wait();
  > END
  $ build page && start ./page 0 --read-timeout 500ms; silent
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ exec 5<>/dev/tcp/127.0.0.1/$port; say_hi; exit_status
  io_uring_enter: Timer expired
  exit status 1
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  if (submitted != -EINTR) check_result(submitted, "io_uring_enter");
  > +  if (submitted != -EINTR && submitted != -ETIME) check_result(submitted, "io_uring_enter");
  > END
  $ build page && start ./page 0 --read-timeout 500ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; say_hi; timeout --foreground 2 cat <&5; echo $?
  0
  $ exec 5<>/dev/tcp/127.0.0.1/$port; dribble >&5 2>/dev/null | { time wc -c <&5; }
  0
  [01]\.\d+ s (re)

Those whose message has arrived while the process was suspended are sent away: it takes four receives,
and the last two would begin after the deadline.

  $ message() { printf '\20\47\0\0'; head -c 10000 /dev/zero; }
  $ in_time() { crowd 40; kill -STOP $pid
  >   for c in ${clients[@]}; do message >&$c; done; sleep 2.5; kill -CONT $pid
  >   for c in ${clients[@]}; do head -c 10004 <&$c; done 2>/dev/null | wc -c; }
  $ start ./page 0 --read-timeout 2s; in_time
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    const ssize_t got = co_await Receive(client.deadline, client.fd, room);
  > +    ssize_t got = co_await Receive(client.deadline, client.fd, room);
  > +    if (got == -ECANCELED) got = recv(client.fd, room.data(), room.size(), MSG_DONTWAIT);
  >      if (got <= 0) co_return false;  // the end, an error, or cancelled
  > END
  $ build page && start ./page 0 --read-timeout 2s; in_time
  listening on 127\.0\.0\.1:\d+ (re)
  0

The answer has a deadline of its own.

  $ given unacknowledged
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    const int flags = MSG_WAITALL | MSG_NOSIGNAL;
  > -    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), flags);
  > +    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  >  // …
  > -    const int sent = co_await Send(client.deadline, client.fd, message);
  > -    if (sent < static_cast<int>(4 + size)) co_return false;
  > +    if (!co_await send_all(client, message)) co_return false;
  >  // …
  > +Task send_all(Client& client, std::string_view rest) {
  > +  Deadline answer(patience);
  > +  while (!rest.empty()) {
  > +    answer.set(patience);
  > +    const int before = unacknowledged_bytes(client.fd);
  > +    const int sent = co_await Send(answer, client.fd, rest);
  > +    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  > +    const bool still_takes = sent == -ECANCELED && unacknowledged_bytes(client.fd) < before;
  > +    if (sent < 0 && !still_takes) co_return false;
  > +  }
  > +  co_return true;
  > +}
  > +
  >  Task serve(Client& client) {
  > END
  $ build page && start ./page 0 --read-timeout 2s; in_time
  listening on 127\.0\.0\.1:\d+ (re)
  400160

A stop of the server without a scope, and of the one whose scopes go with children in them.

  $ forty() { crowd 40; kill -STOP $pid
  >   for c in ${clients[@]}; do printf '\2\0\0\0hi' >&$c; done; kill -INT $pid; kill -CONT $pid
  >   for c in ${clients[@]}; do timeout 1 head -c 6 <&$c; done 2>/dev/null | wc -c; timeout 4 tail --pid=$pid -f /dev/null; echo $?; }
  $ start ./page; forty
  listening on 127\.0\.0\.1:\d+ (re)
  0
  0
  $ given scope
  $ without 'std::exit(0)' page
  - std::exit(0);
  $ start ./without; kill -INT $pid; wait $pid; echo "exit status $?"
  listening on 127\.0\.0\.1:\d+ (re)
  terminate called without an active exception
  exit status 134

Each is owed what had arrived. A client's loop goes on in a stop if it sets its deadline again.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  std::exit(0);
  > +  tasks.cancel();
  > +  co_await tasks.join();  // its accept may have brought one more client
  > +  close(listener);
  > +  for (Client* client : Client::here) client->deadline.cancel();
  > +  co_await clients.join();
  >  }
  > END
  $ build page && start ./page; forty
  listening on 127\.0\.0\.1:\d+ (re)
  240
  124
  $ kill -KILL $pid
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    client.deadline.set(patience);
  > +    if (!stopping) client.deadline.set(patience);
  > END
  $ build page && start ./page; time forty
  listening on 127\.0\.0\.1:\d+ (re)
  240
  0
  [2-4]\.\d+ s (re)

Without the flag, a task that was cancelled begins what no cancel is for.

  $ without 'cancelled = true' page
  - cancelled = true;
  $ start ./without
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -INT $pid; timeout 2 tail --pid=$pid -f /dev/null; echo $?
  124
  $ kill -KILL $pid

A client that takes its time to read, and one that is hung up on when the stop begins.

  $ long() { for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.5; kill -INT $pid; sleep 3
  >   printf x >&5; cat <&5 2>/dev/null | wc -c; }
  $ start ./page; owed
  listening on 127\.0\.0\.1:\d+ (re)
  (?!1310800)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  Task hang_up(Client& client) {
  > -  char discarded[1024];
  > -  client.deadline.set(2s);
  > -  if (shutdown(client.fd, SHUT_WR) == 0) {
  > -    while (co_await Receive(client.deadline, client.fd, discarded) > 0) {
  > -    }
  > -  }
  > +  if (shutdown(client.fd, SHUT_WR) == 0 && !stopping) co_await discard(client);
  > +  if (stopping) co_await wait_until_acknowledged(client);  // a stop may begin while it lingers
  >    close(client.fd);
  >  // …
  > +Task discard(Client& client) {
  > +  char discarded[4096];
  > +  client.deadline.set(2s);
  > +  while (co_await Receive(client.deadline, client.fd, discarded) > 0) {
  > +  }
  > +  co_return true;
  > +}
  > +
  > +Task wait_until_acknowledged(Client& client) {
  > +  static char discarded[65536];  // nobody reads it
  > +  while (unacknowledged_bytes(client.fd) > 0) {
  > +    recv(client.fd, discarded, sizeof discarded, MSG_DONTWAIT);
  > +    co_await Sleep(never, 5ms);
  > +  }
  > +  co_return true;
  > +}
  > +
  >  Task hang_up(Client& client) {
  > END
  $ build page && start ./page; owed
  listening on 127\.0\.0\.1:\d+ (re)
  1310800
  $ start ./page; time forty
  listening on 127\.0\.0\.1:\d+ (re)
  240
  0
  [01]\.\d+ s (re)
  $ lingers() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; printf '\377\377\377\377' >&5; sleep 0.7
  >   kill -INT $pid; sleep 3; printf x >&5; cat <&5 2>/dev/null | wc -c; }
  $ start ./page; lingers
  listening on 127\.0\.0\.1:\d+ (re)
  1310800

The deadline that the stop has cancelled stays the first, and the loop doesn't sleep.

  $ takes_nothing() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.5; kill -INT $pid; sleep 1
  >   processor_time; sleep 1; processor_time; exec 5>&-; }
  $ start ./page 0 --read-timeout 1s; takes_nothing
  listening on 127\.0\.0\.1:\d+ (re)
  [1-9]\d+ ms (re)
  [1-9]\d\d+ ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  if (!Deadline::by_time.empty()) first = std::min(first, Deadline::by_time.begin()->first);
  > +  for (const auto& [due, deadline] : Deadline::by_time) {
  > +    if (due >= first) break;
  > +    if (!deadline->cancelled) first = due;
  > +  }
  > END
  $ build page && start ./page 0 --read-timeout 1s; takes_nothing
  listening on 127\.0\.0\.1:\d+ (re)
  \d{1,2} ms (re)
  \d{1,2} ms (re)

A client that takes none of its answers holds up the stop for as long as that may take.

  $ start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  listening on 127\.0\.0\.1:\d+ (re)
  [124]
  $ kill -INT $pid; timeout 2 tail --pid=$pid -f /dev/null; echo $?
  124
  $ kill -KILL $pid
  $ given give-up
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    for (Client* client : Client::here) client->deadline.cancel();
  > +  Deadline end(drain_patience);
  > +  Scope last;
  > +  last.spawn(give_up(end, signals));
  >    co_await clients.join();
  > +  end.cancel();
  > +  co_await last.join();
  >  }
  > END
  $ build page && start ./page 0 --drain-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ time { kill -INT $pid; wait $pid; }; echo "exit status $?"
  [1-9]\.\d+ s (re)
  exit status 0
  $ start ./page; time { kill -INT $pid; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d+ s (re)
  $ stop
