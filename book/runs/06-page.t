Skipped where strace is not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"

The page of chapter 6, as its reader makes it of chapter 5's. It never sleeps.

  $ page 6
  $ TIMEFORMAT='%R s'; two_seconds() { processor_time; sleep 2; processor_time; }
  $ build page && start ./page; crowd 1; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{3,} ms (re)

It sleeps until any of them has something. A flag wakes nobody who sleeps in poll.

  $ given poll
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  void run_loop(int listener) {
  > +  std::vector<pollfd> entries;
  >    while (!stopping) {
  > +    entries = {{listener, POLLIN, 0}};
  > +    for (const auto& [fd, client] : clients) entries.push_back({fd, POLLIN, 0});
  > +    const int ready = poll(entries.data(), entries.size(), -1);
  > +    if (ready < 0 && errno != EINTR) check(ready, "poll");
  > +
  >      if (clients.size() < clients_max) accept_one(listener);
  > END
  $ build page && start ./page; crowd 2; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d?0 ms (re)
  \d?0 ms (re)
  $ time { kill $pid; wait $pid; }
  [5-9]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -void on_stop() { stopping = true; }
  > +int wake = -1;  // an eventfd
  > +
  > +void on_stop() {
  > +  stopping = true;
  > +  eventfd_write(wake, 1);
  > +}
  >  // …
  > -    entries = {{listener, POLLIN, 0}};
  > +    entries = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
  >  // …
  >    const int listener = listen_on(argc > 1 ? argv[1] : "0");
  > +  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  > END
  $ build page && start ./page; crowd 1; time { kill $pid; wait $pid; }
  listening on 127\.0\.0\.1:\d+ (re)
  [01]\.\d+ s (re)

It asks everyone, because of one.

  $ start ./page; crowd 200; calls_while say_hi
  listening on 127\.0\.0\.1:\d+ (re)
  $ grep -oE '^(accept4|poll|recvfrom)' calls | sort | uniq -c
   +\d accept4 (re)
   +\d poll (re)
   +[2-9]\d\d recvfrom (re)

Only who was reported.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -void give_turns() {
  > -  for (auto next = clients.begin(); next != clients.end();) {
  > -    auto& [fd, client] = *next++;  // settle may erase it
  > -    settle(fd, advance(client));
  > +void give_turns(std::span<const pollfd> entries) {
  > +  for (const pollfd& entry : entries) {
  > +    if (entry.revents != 0) settle(entry.fd, advance(clients.at(entry.fd)));
  >    }
  >  }
  >  // …
  > -    if (clients.size() < clients_max) accept_one(listener);
  > -    give_turns();
  > +    give_turns(std::span(entries).subspan(2));
  > +    if (entries[1].revents != 0 && clients.size() < clients_max) accept_one(listener);
  >      close_overdue();
  > END
  $ build page && start ./page; crowd 200; calls_while say_hi
  listening on 127\.0\.0\.1:\d+ (re)
  $ grep -oE '^(accept4|poll|recvfrom)' calls | sort | uniq -c
   +[12] poll (re)
   +1 recvfrom (re)

With == in place of !=, one client's reset has the loop spin; with the page it rests.

  $ reset() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5; sleep 0.5; exec 5>&-; }
  $ cp page.cc equal.cc
  $ "$ROOT/book/tools/edit.py" equal.cc << 'END'
  > -    if (entry.revents != 0) settle(entry.fd, advance(clients.at(entry.fd)));
  > +    if (entry.revents == POLLIN) settle(entry.fd, advance(clients.at(entry.fd)));
  > END
  $ build equal && start ./equal; reset; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{3,} ms (re)
  $ start ./page; reset; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d?0 ms (re)
  \d?0 ms (re)

A message of 5 MB is more than its socket's buffers hold: the answer gets stuck.

  $ alice() { exec 5<>/dev/tcp/127.0.0.1/$port; (printf '\100\113\114\0'; head -c 5000000 /dev/zero) >&5
  >   timeout --foreground 3 head -c 5000004 <&5 | wc -c; }
  $ start ./page 0 --max-message 5000000; alice
  listening on 127\.0\.0\.1:\d+ (re)
  (?!5000004)\d{7} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    for (const auto& [fd, client] : clients) entries.push_back({fd, POLLIN, 0});
  > +    for (const auto& [fd, client] : clients) entries.push_back({fd, POLLIN | POLLOUT, 0});
  > END
  $ build page && start ./page 0 --max-message 5000000; alice
  listening on 127\.0\.0\.1:\d+ (re)
  5000004
  $ calls_while sleep 0.5; grep -c '^poll' calls
  \d{3,} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// The events to wait for.
  > +short interest(const Client& client) {
  > +  return {};  // yours
  > +}
  > +
  >  std::map<int, Client> clients;  // by descriptor
  >  // …
  > -    for (const auto& [fd, client] : clients) entries.push_back({fd, POLLIN | POLLOUT, 0});
  > +    for (const auto& [fd, client] : clients) entries.push_back({fd, interest(client), 0});
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  short interest(const Client& client) {
  > -  return {};  // yours
  > +  const bool sends = !client.held.empty() || client.state == State::ending;
  > +  return sends ? POLLOUT : POLLIN;
  >  }
  > END
  $ build page && start ./page 0 --max-message 5000000; alice; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  5000004
  \d?0 ms (re)
  \d?0 ms (re)

Who announces too much, and then waits, gets the end of the stream at once: an ending client is asked
for nothing, so it must be asked for room.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi\377\377\377\377' >&5
  $ time timeout --foreground 3 wc -c <&5
  6
  [01]\.\d+ s (re)

Who reads nothing costs nothing, since an interest in input as well would find it, again and again.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ calls_while sleep 0.5; grep -c '= 1' calls
  0
  [1]
  $ timeout --foreground 1 cat <&5 | wc -c
  \d{7,} (re)

The earliest deadline ends the sleep.

  $ start ./page 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port; time timeout 4 cat <&5
  listening on 127\.0\.0\.1:\d+ (re)
  4\.\d+ s (re)
  [124]
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +int how_long(Time now) {
  > +  return -1;  // yours
  > +}
  > +
  >  int wake = -1;  // an eventfd
  >  // …
  >    while (!stopping) {
  > +    const Time now = Clock::now();
  >      entries = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
  >  // …
  > -    const int ready = poll(entries.data(), entries.size(), -1);
  > +    const int ready = poll(entries.data(), entries.size(), how_long(now));
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  int how_long(Time now) {
  > -  return -1;  // yours
  > +  auto next = now + 1h;
  > +  for (const auto& [fd, client] : clients) next = std::min(next, client.deadline);
  > +  const auto left = std::chrono::ceil<milliseconds>(next - now);
  > +  return static_cast<int>(std::max(left, 0ms).count());
  >  }
  > END
  $ build page && start ./page 0 --read-timeout 1s; crowd 1; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ sleep 0.7; crowd 1; say_hi; time timeout 4 cat <&5
  0\.\d+ s (re)

Rounded up, a client's 300 ms are 300, although some microseconds of them have gone.

  $ soon() { crowd 1; sleep 0.5; }
  $ start ./page 0 --read-timeout 300ms; calls_while soon; grep -o '[0-9]*) = 0' calls
  listening on 127\.0\.0\.1:\d+ (re)
  300\) = 0 (re)

As many as there may be are here, and one more knocks.

  $ start ./page 0 --max-connections 1; crowd 2; calls_while sleep 0.5; grep -c '^poll' calls
  listening on 127\.0\.0\.1:\d+ (re)
  \d{3,} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +bool parked() { return clients.size() >= clients_max; }
  > +
  >  // A shell allows 1,024 descriptors at first, and each client needs one.
  >  // …
  > -    entries = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
  > +    entries = {{wake, POLLIN, 0}, {parked() ? -1 : listener, POLLIN, 0}};
  >  // …
  > -    if (entries[1].revents != 0 && clients.size() < clients_max) accept_one(listener);
  > +    if (entries[1].revents != 0) accept_one(listener);
  > END
  $ build page && start ./page 0 --max-connections 1; crowd 2; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d?0 ms (re)
  \d?0 ms (re)
  $ exec {clients[0]}>&-; clients=(${clients[1]}); say_hi && echo answered
  answered

Eight descriptors, and nine clients.

  $ start ./page; prlimit --nofile=8 --pid $pid; crowd 9; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{3,} ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -bool parked() { return clients.size() >= clients_max; }
  > +Time parked_until;  // when the listener is worth asking about
  > +
  > +bool parked(Time now) { return clients.size() >= clients_max || now < parked_until; }
  >  // …
  >    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  > -  if (fd >= 0) clients[fd] = {.fd = fd};
  > +  if (fd < 0) {
  > +    parked_until = retry_time(Clock::now());
  > +  } else {
  > +    clients[fd] = {.fd = fd};
  > +  }
  >  }
  >  // …
  > -  auto next = now + 1h;
  > +  auto next = now < parked_until ? parked_until : now + 1h;
  >  // …
  > -    entries = {{wake, POLLIN, 0}, {parked() ? -1 : listener, POLLIN, 0}};
  > +    entries = {{wake, POLLIN, 0}, {parked(now) ? -1 : listener, POLLIN, 0}};
  > END
  $ build page && start ./page 2> /dev/null; prlimit --nofile=8 --pid $pid; crowd 9
  listening on 127\.0\.0\.1:\d+ (re)
  $ calls_while sleep 1; grep -c accept4 calls
  1?\d (re)
  $ disperse; say_hi && echo answered
  answered

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part4-poll/steps/08-poll-loop.cc | grep '^[<>] [^/]'
  [1]

What poll is given and what it returns, while one client says hi: the length of the array comes
before the timeout in milliseconds.

  $ start ./page; polls
  listening on 127\.0\.0\.1:\d+ (re)
  poll\(\[\.\.\.\], 3, \d+\) = 1 (re)
  poll\(\[\.\.\.\], 3, \d+\) = 1 (re)
  $ crowd 1000; polls
  poll\(\[\.\.\.\], 1002, \d+\) = 1 (re)
  poll\(\[\.\.\.\], 1002, \d+\) = 1 (re)
  $ stop; rm -f calls equal*
