Skipped where strace is not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"

The page of chapter 5, as its reader makes it of chapter 4's. On a socket that doesn't wait, a client
that says nothing is cut off at once.

  $ page 5
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  const int client = accept(listener, nullptr, nullptr);
  > +  const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  > END
  $ TIMEFORMAT='%R s'; build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ time timeout 3 cat <&5
  [0-2]\.\d+ s (re)

The threads go. One asks everyone, but it waits for the next client.

  $ given turns; build page
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +struct Client {
  > +  int fd;
  > +};
  > +
  > +// Whether the call that has just failed may succeed in a later turn.
  > +bool not_now() { return errno == EAGAIN || errno == EINTR; }
  > +
  >  bool send_all(int client, std::string_view rest) {
  >  // …
  > +// Takes one turn. Returns false to close the client.
  > +bool advance(Client& client) {
  > +  char bytes[receive_bytes];
  > +  while (true) {
  > +    const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  > +    if (got < 0) return not_now();
  > +    if (got == 0) return false;
  > +    if (!send_all(client.fd, {bytes, static_cast<std::size_t>(got)})) return false;
  > +  }
  > +}
  > +
  > +std::map<int, Client> clients;  // by descriptor
  > +
  >  std::size_t clients_max = 4096;
  >  // …
  > -  if (fd >= 0) close(fd);
  > +  if (fd >= 0) clients[fd] = {.fd = fd};
  >  }
  >  // …
  > -  while (!stopping) accept_one(listener);
  > +  while (!stopping) {
  > +    accept_one(listener);
  > +    for (auto& [fd, client] : clients) advance(client);
  > +  }
  >  }
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.5; printf '\2\0\0\0hi' >&5
  listening on 127\.0\.0\.1:\d+ (re)
  $ timeout --foreground 1 head -c 6 <&5 | xxd
  $ crowd 1; timeout --foreground 1 head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ time { kill $pid; wait $pid; }
  [5-9]\.\d+ s (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -  const int type = SOCK_STREAM;
  > +  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  > END
  $ build page && start ./page; memory; crowd 1000; memory
  listening on 127\.0\.0\.1:\d+ (re)
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: [12] (re)
  VmSize: \d+ (re)
  VmRSS: \d{4} (re)
  Threads: 2
  $ printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ calls_while sleep 0.5; grep -c EAGAIN calls
  \d{3,} (re)
  $ time { kill $pid; wait $pid; }
  [0-2]\.\d+ s (re)

Who leaves is asked for ever.

  $ start ./page; for i in {1..10}; do say_hi; done; ls /proc/$pid/fd | wc -l
  listening on 127\.0\.0\.1:\d+ (re)
  14
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// Called after a client's turn.
  > +void settle(int fd, bool stays) {
  > +  if (stays) return;
  > +  close(fd);
  > +  clients.erase(fd);
  > +}
  > +
  > +void give_turns() {
  > +  for (auto next = clients.begin(); next != clients.end();) {
  > +    auto& [fd, client] = *next++;  // settle may erase it
  > +    settle(fd, advance(client));
  > +  }
  > +}
  > +
  >  std::size_t clients_max = 4096;
  >  // …
  > -    for (auto& [fd, client] : clients) advance(client);
  > +    give_turns();
  >    }
  > END
  $ build page && start ./page; for i in {1..10}; do say_hi; done; sleep 0.1; ls /proc/$pid/fd | wc -l
  listening on 127\.0\.0\.1:\d+ (re)
  4
  $ leave() { crowd 5; kill -STOP $pid; disperse; kill -CONT $pid; sleep 1; say_hi; }
  $ build page -D_GLIBCXX_DEBUG && start ./page; leave
  listening on 127\.0\.0\.1:\d+ (re)

The permits went with the threads.

  $ third() { crowd 2; printf '\2\0\0\0hi' | timeout 1 ncat 127.0.0.1 $port | xxd; }
  $ start ./page 0 --max-connections 2; third
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869                           ....hi
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    accept_one(listener);
  > +    if (clients.size() < clients_max) accept_one(listener);
  >      give_turns();
  > END
  $ build page && start ./page 0 --max-connections 2; third
  listening on 127\.0\.0\.1:\d+ (re)

It echoes bytes, and half a message is an answer too many.

  $ start ./page; printf '\5\0\0\0hel' | ncat 127.0.0.1 $port | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0500 0000 6865 6c                        ....hel
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// Answers every complete message. Returns false if the next one is too long.
  > +bool take(std::string& in, std::string& held) {
  > +  return {};  // yours
  > +}
  > +
  >  bool send_all(int client, std::string_view rest) {
  >  // …
  >    char bytes[receive_bytes];
  > +  std::string in;
  > +  std::string held;
  >    while (true) {
  >      const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  >      if (got < 0) return not_now();
  >      if (got == 0) return false;
  > -    if (!send_all(client.fd, {bytes, static_cast<std::size_t>(got)})) return false;
  > +    in.append(bytes, static_cast<std::size_t>(got));
  > +    const bool fits = take(in, held);
  > +    if (!send_all(client.fd, held) || !fits) return false;
  > +    held.clear();
  >    }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool take(std::string& in, std::string& held) {
  > -  return {};  // yours
  > +  std::size_t taken = 0;
  > +  std::uint64_t message_bytes = 0;  // 4 more than a length may not fit into 32 bits
  > +  while (in.size() - taken >= 4) {
  > +    message_bytes = 4 + std::uint64_t{length_in(std::string_view(in).substr(taken))};
  > +    if (message_bytes > message_bytes_max || in.size() - taken < message_bytes) break;
  > +    taken += static_cast<std::size_t>(message_bytes);
  > +  }
  > +  held.append(in, 0, taken);  // an echo: the answers are the messages
  > +  in.erase(0, taken);
  > +  return message_bytes <= message_bytes_max;
  >  }
  > END
  $ build page && start ./page; printf '\2\0\0\0hi\3\0\0\0you\5\0\0\0hal' | ncat 127.0.0.1 $port | xxd
  listening on 127\.0\.0\.1:\d+ (re)
  00000000: 0200 0000 6869 0300 0000 796f 75         ....hi....you
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0hi\377\377\377\377' >&5; timeout --foreground 2 wc -c <&5
  6

Bob's message is cut in two, and its first half is lost with the turn in which it arrived.

  $ bob() { printf '\2\0\0\0h' >&5; sleep 1; printf 'i' >&5; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; bob; timeout --foreground 1 head -c 6 <&5 | xxd
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    int fd;
  > +  std::string in = "";  // the beginning of a message
  >  };
  >  // …
  > -  std::string in;
  >    std::string held;
  >  // …
  > -    in.append(bytes, static_cast<std::size_t>(got));
  > -    const bool fits = take(in, held);
  > +    client.in.append(bytes, static_cast<std::size_t>(got));
  > +    const bool fits = take(client.in, held);
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; calls_while bob; grep '(4, "' calls
  listening on 127\.0\.0\.1:\d+ (re)
  recvfrom(4, "\2\0\0\0h", 65540, 0, NULL, NULL) = 5
  recvfrom(4, "i", 65540, 0, NULL, NULL)  = 1
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6
  $ timeout --foreground 1 head -c 6 <&5 | xxd
  00000000: 0200 0000 6869                           ....hi

Half an answer: the kernel has no room for more, and send_all takes that for an error.

  $ slow() { exec 5<>/dev/tcp/127.0.0.1/$port; (head -c 16M /dev/zero >&5 &)
  >   sleep 1; timeout --foreground 5 head -c 16M <&5 | wc -c; }
  $ start ./page; slow
  listening on 127\.0\.0\.1:\d+ (re)
  head: error writing 'standard output': Connection reset by peer
  (?!16777216)\d+ (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    std::string in = "";  // the beginning of a message
  > +  std::string held = "";  // the end of our answers, which the kernel had no room for
  >  };
  >  // …
  > -bool send_all(int client, std::string_view rest) {
  > -// …
  > -}
  > +bool send_held(Client& client) {
  > +  return {};  // yours
  > +}
  >  // …
  >  // Takes one turn. Returns false to close the client.
  >  bool advance(Client& client) {
  >    char bytes[receive_bytes];
  > -  std::string held;
  >    while (true) {
  > +    if (!client.held.empty() && !send_held(client)) return false;
  >      const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  >  // …
  > -    const bool fits = take(client.in, held);
  > -    if (!send_all(client.fd, held) || !fits) return false;
  > -    held.clear();
  > +    if (!take(client.in, client.held)) return false;
  >    }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool send_held(Client& client) {
  > -  return {};  // yours
  > +  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  > +  if (sent < 0) return not_now();
  > +  client.held.erase(0, static_cast<std::size_t>(sent));
  > +  return true;
  >  }
  > END
  $ build page && start ./page; slow
  listening on 127\.0\.0\.1:\d+ (re)
  16777216

Bob is silent. Alice sends as fast as she can, and reads as fast. How often is he asked?

  $ flood() { exec 5<>/dev/tcp/127.0.0.1/$port; (cat /dev/zero >&5 & cat <&5 >/dev/null &) 2>/dev/null; }
  $ receives() { tail -n 500 calls | grep -c "^recvfrom($1,"; }
  $ asked() { calls_while sleep 1; stop 2>/dev/null; echo "$((100 * $(receives 5) / $(receives .))) %"; }
  $ start ./page; crowd 1; flood; asked
  listening on 127\.0\.0\.1:\d+ (re)
  (9\d|100) % (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -// Takes one turn. Returns false to close the client.
  > -bool advance(Client& client) {
  > +bool receive(Client& client) {
  >    char bytes[receive_bytes];
  > -  while (true) {
  > -// …
  > -  }
  > +  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  > +  if (got < 0) return not_now();
  > +  if (got == 0) return false;
  > +  client.in.append(bytes, static_cast<std::size_t>(got));
  > +  if (!take(client.in, client.held)) return false;
  > +  return client.held.empty() || send_held(client);
  > +}
  > +
  > +// Takes one turn. Returns false to close the client.
  > +bool advance(Client& client) {
  > +  if (!client.held.empty() && !send_held(client)) return false;
  > +  return receive(client);
  >  }
  > END
  $ build page && start ./page; crowd 1; flood; asked
  listening on 127\.0\.0\.1:\d+ (re)
  (49|50) % (re)

Mallory sends 200 MiB, and reads nothing.

  $ mallory() { memory | grep VmRSS; exec 5<>/dev/tcp/127.0.0.1/$port; timeout 5 head -c 200M /dev/zero >&5
  >   memory | grep VmRSS; }
  $ start ./page; mallory
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{5,6} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -// Takes one turn. Returns false to close the client.
  > +// Takes one turn, with at most a receive and a send. Returns false to close the client.
  >  bool advance(Client& client) {
  > -  if (!client.held.empty() && !send_held(client)) return false;
  > +  if (!client.held.empty()) return send_held(client);
  > END
  $ build page && start ./page; mallory
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{4} (re)
  $ ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ ss -tn state established dport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ timeout --foreground 3 cat <&5 | wc -c
  \d{7} (re)

The minute was lost with the threads.

  $ start ./page 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port; time timeout 3 cat <&5
  listening on 127\.0\.0\.1:\d+ (re)
  3\.\d+ s (re)
  [124]
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    std::string held = "";  // the end of our answers, which the kernel had no room for
  > +  Time deadline = patience_ends();
  >  };
  >  // …
  >    client.held.erase(0, static_cast<std::size_t>(sent));
  > +  client.deadline = patience_ends();
  >    return true;
  >  // …
  > +void close_overdue() {
  > +  const Time now = Clock::now();
  > +  for (auto next = clients.begin(); next != clients.end();) {
  > +    auto& [fd, client] = *next++;  // settle may erase it
  > +    if (client.deadline <= now) settle(fd, false);
  > +  }
  > +}
  > +
  >  std::size_t clients_max = 4096;
  >  // …
  >      give_turns();
  > +    close_overdue();
  >    }
  > END
  $ build page && start ./page 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port; time timeout 3 cat <&5
  listening on 127\.0\.0\.1:\d+ (re)
  (0\.9|1\.)\d+ s (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; for i in {1..4}; do sleep 0.5; printf '\2\0\0\0hi' >&5; done
  $ timeout --foreground 0.2 cat <&5 | wc -c
  24
  $ exec 5<>/dev/tcp/127.0.0.1/$port; time timeout 5 cat /dev/zero >&5
  cat: write error: Connection reset by peer
  [1-4]\.\d+ s (re)
  [1]

Bob announces too much after a good message, and goes on talking: he loses his answer.

  $ talk() { printf '\2\0\0\0hi\377\377\377\377' >&5; sleep 1; echo "more" >&5; sleep 2; }
  $ leaving() { calls_while talk; grep '^[a-z]*(4' calls | grep -v EAGAIN; cat <&5 | xxd; }
  $ start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; leaving
  listening on 127\.0\.0\.1:\d+ (re)
  recvfrom(4, "\2\0\0\0hi\377\377\377\377", 65540, 0, NULL, NULL) = 10
  close(4)                                = 0
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +enum class State { conversing, ending, lingering };
  > +
  >  struct Client {
  >  // …
  > -  Time deadline = patience_ends();
  > +  Time deadline = patience_ends();  // for its next message, for taking some of `held`, or lingering
  > +  State state = State::conversing;
  >  };
  >  // …
  > -  if (!take(client.in, client.held)) return false;
  > +  if (!take(client.in, client.held)) client.state = State::ending;
  >    return client.held.empty() || send_held(client);
  >  // …
  >    if (!client.held.empty()) return send_held(client);
  > -  return receive(client);
  > +  return client.state != State::ending && receive(client);
  >  }
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; leaving
  listening on 127\.0\.0\.1:\d+ (re)
  recvfrom(4, "\2\0\0\0hi\377\377\377\377", 65540, 0, NULL, NULL) = 10
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6
  close(4)                                = 0
  00000000: 0200 0000 6869                           ....hi
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +// The first of the three moves. False if the client is gone.
  > +bool hang_up(Client& client) {
  > +  return {};  // yours
  > +}
  > +
  > +// The second: discards input, until the client's end of the stream.
  > +bool discard(Client& client) {
  > +  return {};  // yours
  > +}
  > +
  >  bool send_held(Client& client) {
  >  // …
  >  bool advance(Client& client) {
  > +  if (client.state == State::lingering) return discard(client);
  >    if (!client.held.empty()) return send_held(client);
  > -  return client.state != State::ending && receive(client);
  > +  return client.state == State::ending ? hang_up(client) : receive(client);
  >  }
  >  // …
  > +// Takes the turn of a client whose time is up. Returns false to close the client.
  > +bool expire(Client& client) { return client.state != State::lingering && hang_up(client); }
  > +
  >  std::map<int, Client> clients;  // by descriptor
  >  // …
  > -    if (client.deadline <= now) settle(fd, false);
  > +    if (client.deadline <= now) settle(fd, expire(client));
  >    }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool hang_up(Client& client) {
  > -  return {};  // yours
  > +  client.state = State::lingering;
  > +  client.held.clear();
  > +  client.deadline = Clock::now() + 2s;
  > +  return shutdown(client.fd, SHUT_WR) == 0;
  >  }
  >  // …
  >  bool discard(Client& client) {
  > -  return {};  // yours
  > +  char discarded[receive_bytes];
  > +  const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  > +  return got < 0 ? not_now() : got > 0;
  >  }
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ leaving
  recvfrom(4, "\2\0\0\0hi\377\377\377\377", 65540, 0, NULL, NULL) = 10
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6
  shutdown(4, SHUT_WR)                    = 0
  recvfrom(4, "more\n", 65540, 0, NULL, NULL) = 5
  close(4)                                = 0
  00000000: 0200 0000 6869                           ....hi
  $ printf '\377\377\377\377' >/dev/tcp/127.0.0.1/$port; sleep 0.5; ls /proc/$pid/fd | wc -l
  4
  $ without 'client.state = State::lingering' page && start ./without; exec 5<>/dev/tcp/127.0.0.1/$port
  - client.state = State::lingering;
  listening on 127\.0\.0\.1:\d+ (re)
  $ calls_while talk; grep -v EAGAIN calls | grep -o '^[a-z]*(4' | uniq -c
   +1 recvfrom\(4 (re)
   +1 sendto\(4 (re)
   +\d{3,} shutdown\(4 (re)

A string that is empty keeps its memory.

  $ block() { printf '\0\0\1\0'; head -c 65536 /dev/zero; }
  $ large() { for c in "${clients[@]}"; do block >&$c; head -c 65540 <&$c > /dev/null; done; }
  $ start ./page; memory | grep VmRSS; crowd 200; large; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{5} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    in.erase(0, taken);
  > +  if (in.empty()) in.shrink_to_fit();  // an empty string keeps its memory
  >  // …
  >    client.held.erase(0, static_cast<std::size_t>(sent));
  > +  if (client.held.empty()) client.held.shrink_to_fit();
  > END
  $ build page && start ./page; memory | grep VmRSS; crowd 200; large; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{4} (re)

The project has this page, too; only its head differs.

  $ diff -w page.cc $ROOT/part3-nonblocking/steps/04-patient-loop.cc | grep '^[<>] [^/]'
  [1]
  $ stop; rm -f calls without*
