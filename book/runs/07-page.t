Skipped where strace is not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"

The page of chapter 7, as its reader makes it of chapter 6's. With a thousand clients, each message
costs a list of a thousand.

  $ page 7
  $ waits() { calls_while rounds 3; grep -E '^(epoll_wait|poll)' calls | grep -oE '], [0-9]+, [0-9]+\) += 1' | tail -n 1; }
  $ build page && start ./page; crowd 1000
  listening on 127\.0\.0\.1:\d+ (re)
  $ waits
  \], 1002, \d+\) += 1 (re)

The kernel keeps the list, where each entry is known by the descriptor.

  $ given epoll
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -std::map<int, Client> clients;  // by descriptor
  > +int epoll = -1;
  > +
  > +using Token = int;
  > +std::map<Token, Client> clients;  // by descriptor
  >  // …
  > +int add(int fd, Token token) {
  > +  epoll_event event{EPOLLIN, {.fd = token}};
  > +  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  > +}
  > +
  >  void accept_one(int listener) {
  >  // …
  >      parked_until = retry_time(Clock::now());
  > +  } else if (add(fd, fd) < 0) {
  > +    close(fd);  // no wait would ever mention it
  >    } else {
  >  // …
  > -  std::vector<pollfd> entries;
  > +  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  > +  check(add(wake, wake), "epoll_ctl");
  > +  check(add(listener, listener), "epoll_ctl");
  > +
  >    while (!stopping) {
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    while (!stopping) {
  > -    const Time now = Clock::now();
  > -// …
  > +    epoll_event batch[64];
  > +    const int ready = epoll_wait(epoll, batch, 64, how_long(Clock::now()));
  > +    if (ready < 0 && errno != EINTR) check(ready, "epoll_wait");
  > +    for (int i = 0; i < ready; ++i) {
  > +      const Token token = batch[i].data.fd;
  > +      if (token == listener) {
  > +        accept_one(listener);
  > +      } else if (token != wake) {
  > +        settle(token, advance(clients.at(token)));
  > +      }
  > +    }
  >      close_overdue();
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -#include <poll.h>
  >  // …
  > -#include <vector>
  >  // …
  > -short interest(const Client& client) {
  > +std::uint32_t interest(const Client& client) {
  >    const bool sends = !client.held.empty() || client.state == State::ending;
  > -  return sends ? POLLOUT : POLLIN;
  > +  return sends ? EPOLLOUT : EPOLLIN;
  >  }
  >  // …
  > -void settle(int fd, bool stays) {
  > +void settle(Token token, bool stays) {
  >    if (stays) return;
  > -  close(fd);
  > -  clients.erase(fd);
  > +  close(clients.at(token).fd);
  > +  clients.erase(token);
  >  }
  >  // …
  > -void give_turns(std::span<const pollfd> entries) {
  > -// …
  > -}
  > -
  >  void close_overdue() {
  > END
  $ build page && start ./page; crowd 1000; waits
  listening on 127\.0\.0\.1:\d+ (re)
  \], 64, \d+\) += 1 (re)

Three of the page's answers are lost. The list must be told when an interest changes.

  $ alice() { exec 5<>/dev/tcp/127.0.0.1/$port; (printf '\100\113\114\0'; head -c 5000000 /dev/zero) >&5
  >   timeout --foreground 3 head -c 5000004 <&5 | wc -c; }
  $ start ./page 0 --max-message 5000000; alice
  listening on 127\.0\.0\.1:\d+ (re)
  (?!5000004)\d{7} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    State state = State::conversing;
  > +  std::uint32_t asked = EPOLLIN;  // the events of its entry
  >  };
  >  // …
  >  void settle(Token token, bool stays) {
  > -  if (stays) return;
  > -  close(clients.at(token).fd);
  > -  clients.erase(token);
  > +  Client& client = clients.at(token);
  > +  if (!stays) {
  > +    close(client.fd);
  > +    clients.erase(token);
  > +    return;
  > +  }
  > +  return;  // yours
  >  }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      return;
  >    }
  > -  return;  // yours
  > +  const std::uint32_t wanted = interest(client);
  > +  if (wanted == std::exchange(client.asked, wanted)) return;
  > +  epoll_event event{wanted, {.fd = token}};
  > +  check(epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd, &event), "epoll_ctl");
  >  }
  > END
  $ two_seconds() { processor_time; sleep 2; processor_time; }
  $ build page && start ./page 0 --max-message 5000000; alice; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  5000004
  \d?0 ms (re)
  \d?0 ms (re)
  $ changes() { calls_while rounds 100; grep -c epoll_ctl calls; }
  $ crowd 1; changes
  0
  [1]

And when the listener is to be left out.

  $ second() { crowd 1; exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi' >&5
  >   timeout --foreground 1 cat <&5 | wc -c; }
  $ start ./page 0 --max-connections 1; second
  listening on 127\.0\.0\.1:\d+ (re)
  6
  $ start ./page 2> /dev/null; prlimit --nofile=8 --pid $pid; crowd 9; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{3,} ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -bool parked(Time now) { return clients.size() >= clients_max || now < parked_until; }
  > +bool parked = false;
  > +
  > +void watch_listener(int listener, bool watched) {
  > +  parked = !watched;
  > +  epoll_event event{watched ? EPOLLIN : 0U, {.fd = listener}};
  > +  check(epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event), "epoll_ctl");
  > +}
  >  // …
  >      close_overdue();
  > +    const bool park = clients.size() >= clients_max || Clock::now() < parked_until;
  > +    if (park != parked) watch_listener(listener, !park);
  >    }
  > END
  $ build page && start ./page 0 --max-connections 1; second
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ start ./page 0 --max-connections 1; crowd 2; changes
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [1]
  $ start ./page 2> /dev/null; prlimit --nofile=8 --pid $pid; crowd 9; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d?0 ms (re)
  \d?0 ms (re)
  $ disperse; say_hi

A child has a twin of each descriptor. Alice leaves, is closed, and her entry reports her all the same.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >      clients[fd] = {.fd = fd};
  > +    if (fork() == 0) {
  > +      sleep(5);
  > +      _exit(0);
  > +    }
  >    }
  > END
  $ build page && start ./page 2> /dev/null; say_hi; exit_status
  listening on 127\.0\.0\.1:\d+ (re)
  exit status 134
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -      } else if (token != wake) {
  > +      } else if (clients.contains(token)) {
  >          settle(token, advance(clients.at(token)));
  > END
  $ build page && start ./page; say_hi; two_seconds
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d{3,} ms (re)

Bob gets her number, and is blamed for her.

  $ in_vain() { start ./page; say_hi; crowd 1; sleep 0.2; calls_while sleep 1; grep -c 'recvfrom.*EAGAIN' calls; }
  $ in_vain
  listening on 127\.0\.0\.1:\d+ (re)
  \d{3,} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -using Token = int;
  > -std::map<Token, Client> clients;  // by descriptor
  > +using Token = std::uint64_t;
  > +constexpr Token wake_token = 0;
  > +constexpr Token listener_token = 1;
  > +std::map<Token, Client> clients;  // a token never comes back
  >  // …
  > -  epoll_event event{wanted, {.fd = token}};
  > +  epoll_event event{wanted, {.u64 = token}};
  >  // …
  > -  epoll_event event{watched ? EPOLLIN : 0U, {.fd = listener}};
  > +  epoll_event event{watched ? EPOLLIN : 0U, {.u64 = listener_token}};
  >  // …
  > -  epoll_event event{EPOLLIN, {.fd = token}};
  > +  epoll_event event{EPOLLIN, {.u64 = token}};
  >  // …
  >  void accept_one(int listener) {
  > +  static Token last_token = listener_token;
  >  // …
  > -  } else if (add(fd, fd) < 0) {
  > +  } else if (add(fd, ++last_token) < 0) {
  >  // …
  > -    clients[fd] = {.fd = fd};
  > +    clients[last_token] = {.fd = fd};
  >  // …
  > -  check(add(wake, wake), "epoll_ctl");
  > -  check(add(listener, listener), "epoll_ctl");
  > +  check(add(wake, wake_token), "epoll_ctl");
  > +  check(add(listener, listener_token), "epoll_ctl");
  >  // …
  > -      const Token token = batch[i].data.fd;
  > -      if (token == listener) {
  > +      const Token token = batch[i].data.u64;
  > +      if (token == listener_token) {
  > END
  $ build page && in_vain
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [1]
  $ two_seconds
  \d+ ms (re)
  \d{2,} ms (re)

So she is taken off the list before she is closed.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (!stays) {
  > +    epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd, nullptr);
  >      close(client.fd);
  > END
  $ build page && start ./page; say_hi
  listening on 127\.0\.0\.1:\d+ (re)
  $ two_seconds
  \d?0 ms (re)
  \d?0 ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    if (fork() == 0) {
  > -      sleep(5);
  > -      _exit(0);
  > -    }
  >    }
  > END

A thousand messages beside 4,000 silent clients: each wait looks at the deadlines of all.

  $ ulimit -Sn $(ulimit -Hn) 2> /dev/null || true
  $ thousand() { crowd 4000; rounds 1; processor_time; rounds 1000; processor_time; }
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ thousand
  \d+ ms (re)
  \d+ ms (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    std::uint32_t asked = EPOLLIN;  // the events of its entry
  > +  Time noted = {};                // the deadline that is in the set
  >  };
  >  // …
  >  std::map<Token, Client> clients;  // a token never comes back
  > +std::set<std::pair<Time, Token>> deadlines;  // the earliest first
  >  // …
  >    Client& client = clients.at(token);
  > +  deadlines.erase({client.noted, token});
  >    if (!stays) {
  >  // …
  >      return;
  >    }
  > +  client.noted = client.deadline;
  > +  deadlines.emplace(client.noted, token);
  >    const std::uint32_t wanted = interest(client);
  >  // …
  > -  for (auto next = clients.begin(); next != clients.end();) {
  > -    auto& [fd, client] = *next++;  // settle may erase it
  > -    if (client.deadline <= now) settle(fd, expire(client));
  > +  while (!deadlines.empty() && deadlines.begin()->first <= now) {
  > +    const Token token = deadlines.begin()->second;
  > +    settle(token, expire(clients.at(token)));
  >    }
  >  }
  >  // …
  >      clients[last_token] = {.fd = fd};
  > +    settle(last_token, true);
  >    }
  >  // …
  > -  for (const auto& [fd, client] : clients) next = std::min(next, client.deadline);
  > +  if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
  >    const auto left = std::chrono::ceil<milliseconds>(next - now);
  > END
  $ build page && start ./page; thousand
  listening on 127\.0\.0\.1:\d+ (re)
  \d+ ms (re)
  \d+ ms (re)
  $ TIMEFORMAT='%R s'; start ./page 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ time timeout 4 cat <&5
  (0\.9|[12]\.)\d+ s (re)
  $ five() { for i in {1..5}; do sleep 0.4; printf '\2\0\0\0hi'; done; }
  $ start ./page 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port; five >&5
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout --foreground 0.3 cat <&5 | wc -c
  30

With an edge in place of the level, one receive in a turn is too few.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  epoll_event event{EPOLLIN, {.u64 = token}};
  > +  epoll_event event{EPOLLIN | EPOLLET, {.u64 = token}};
  > END
  $ bob() { exec 5<>/dev/tcp/127.0.0.1/$port; kill -STOP $pid; head -c 300000 /dev/zero >&5
  >   kill -CONT $pid; timeout --foreground 2 head -c 300000 <&5 | wc -c; }
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ bob
  (?!300000)\d{5,6} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  epoll_event event{EPOLLIN | EPOLLET, {.u64 = token}};
  > +  epoll_event event{EPOLLIN, {.u64 = token}};
  > END
  $ build page && start ./page; bob
  listening on 127\.0\.0\.1:\d+ (re)
  300000

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part5-epoll/steps/14-epoll-loop.cc | grep '^[<>] [^/]'
  [1]
  $ stop
