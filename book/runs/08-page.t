  $ . "$ROOT/tools/shell.sh"

The page of chapter 8, as its reader makes it of chapter 7's. First it learns what --max-message says.

  $ page 14-epoll-loop
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too
  > +constexpr std::size_t receive_bytes = 4 + 65536;
  > +std::size_t message_bytes_max = receive_bytes;  // the header, too
  >  // …
  >  bool receive(Client& client) {
  > -  char bytes[message_bytes_max];
  > +  char bytes[receive_bytes];
  >  // …
  >    clients_max = option(words, "--max-connections", 4096);
  > +  message_bytes_max = 4 + option(words, "--max-message", 65'536);
  > END

  $ build page && start ./page 0 --max-message 2; printf '\3\0\0\0abc' | ncat 127.0.0.1 $port | xxd
  listening on 127\.0\.0\.1:\d+ (re)

A client sends a byte now and then. Without one line of receive, each gives it more time.

  $ dribble() { for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done; }
  $ start ./page 0 --read-timeout 1s; TIMEFORMAT='%R s'
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (dribble &); time wc -c <&5
  0
  (0\.[5-9]|[12]\.)\d+ s (re)
  $ sleep 2
  $ without 'held.empty()) return true' page && start ./without 0 --read-timeout 1s
  - if (client.held.empty()) return true;
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (dribble &); time wc -c <&5
  6
  [3-9]\.\d+ s (re)

A client that sends empty messages, four zeros each, as fast as it can, and never reads.

  $ flood() { exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5; }
  $ start ./page 0 --read-timeout 5s; memory | grep RSS; flood; memory | grep RSS; queues
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  VmRSS: \d{4} (re)
  State Recv-Q Send-Q
  ESTAB [1-9]\d+ [1-9]\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

It has taken no byte for its five seconds, and the server closes it. But the kernel keeps the
answers and the end of the stream, whatever becomes of the process.

  $ gone; queues
  State Recv-Q Send-Q
  FIN-WAIT-1 0 [1-9]\d+ (re)
  $ kill -9 $pid; wait $pid; echo "exit status $?"
  exit status 137
  $ wc -c <&5
  [1-9]\d{5,} (re)

A client asks for eight million bytes, and at first takes its answers slowly, 25,000 bytes five times
a second. There is no room to report for three seconds.

  $ read_slowly() { for i in {1..20}; do sleep 0.2; head -c 25000; done; head -c 7500000; }
  $ slowly() { (head -c 8000000 /dev/zero >&5 &); read_slowly <&5 | wc -c; }
  $ start ./page 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  [1-7]\d{6} (re)

But its kernel does take some.

  $ sip() { for i in {1..8}; do head -c 50000; sleep 0.2; done; }
  $ start ./page 0 --read-timeout 0; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ (head -c 8000000 /dev/zero >&5 &); sleep 1
  $ (sip <&5 > /dev/null &); calls_while send_queue; grep -c sendto calls
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  [3-4]\d{6} (re)
  0
  [1]
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +#include <linux/sockios.h>
  >  #include <netinet/in.h>
  >  // …
  > +#include <sys/ioctl.h>
  >  #include <sys/resource.h>
  >  // …
  >    Time noted = {};          // the deadline that is in the set
  > +  int unacknowledged = 0;   // bytes, when we last sent or looked
  >  };
  >  // …
  > +int unacknowledged_bytes(int fd) {
  > +  tcp_info info{};
  > +  socklen_t size = sizeof info;
  > +  check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  > +  if (info.tcpi_state == TCP_CLOSE) return 0;  // the client will acknowledge nothing more
  > +  int bytes = 0;
  > +  check(ioctl(fd, SIOCOUTQ, &bytes), "SIOCOUTQ");
  > +  return bytes;
  > +}
  > +
  >  // The first of the three moves. False if the client is gone.
  >  // …
  >  bool send_held(Client& client) {
  >    const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  > -  if (sent < 0) return not_now();
  > +  if (sent < 0 && !not_now()) return false;
  > +  if (sent < std::ssize(client.held)) client.unacknowledged = unacknowledged_bytes(client.fd);
  > +  if (sent < 0) return true;
  >    client.held.erase(0, static_cast<std::size_t>(sent));
  >  // …
  > -bool expire(Client& client) { return client.state != State::lingering && hang_up(client); }
  > +bool expire(Client& client) {
  > +  if (client.state == State::lingering) return false;
  > +  if (client.held.empty()) return hang_up(client);
  > +  // yours
  > +}
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (client.held.empty()) return hang_up(client);
  > -  // yours
  > +  const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
  > +  if (client.unacknowledged >= before) return hang_up(client);
  > +  client.deadline = Clock::now() + patience;  // the client's kernel has taken some answers
  > +  return true;
  >  }
  > END
  $ build page && start ./page 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  8000000
  $ start ./page 0 --read-timeout 2s; flood; time gone
  listening on 127\.0\.0\.1:\d+ (re)
  [0-9]\.\d+ s (re)

The server is suspended while a message comes in time, and hangs up without a look at it.

  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.1; kill -STOP $pid; sleep 0.2
  >   printf '\2\0\0\0hi' >&5; sleep 2; kill -CONT $pid; head -c 6 <&5 | wc -c; }
  $ start ./page 0 --read-timeout 1s; late
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (client.state == State::lingering) return false;
  > -  if (client.held.empty()) return hang_up(client);
  > +  char byte;
  > +  if (client.held.empty()) {
  > +    const bool we_are_late = recv(client.fd, &byte, 1, MSG_PEEK) > 0;
  > +    return we_are_late ? advance(client) : hang_up(client);
  > +  }
  >    const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
  > END
  $ build page && start ./page 0 --read-timeout 1s; late
  listening on 127\.0\.0\.1:\d+ (re)
  6

Places that do not come back are soon all taken.

  $ leave() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\2\0\0\0h' >&5; exec 5>&-; }
  $ without 'clients.erase(token)' page && start ./without 0 --max-connections 20
  - clients.erase(token);
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do leave; done; printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  $ start ./page 0 --max-connections 20
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..20}; do leave; done; printf '\2\0\0\0hi' | timeout 3 ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

A stop, with messages that have arrived.

  $ unread() { exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.1; kill -STOP $pid; sleep 0.2
  >   head -c 100000 /dev/zero >&5; kill $pid; kill -CONT $pid; head -c 100000 <&5 | wc -c; }
  $ start ./page; unread
  listening on 127\.0\.0\.1:\d+ (re)
  head: error reading 'standard input': Connection reset by peer
  \d{1,5} (re)
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +#include <thread>
  >  #include <utility>
  >  // …
  >  std::chrono::milliseconds patience = 60s;  // with a client, for a message or for taking answers
  > +bool draining = false;
  >  // …
  > +void drain(int listener, std::chrono::milliseconds limit) {
  > +  close(listener);
  > +  draining = true;
  > +  for (auto& [token, client] : clients) {
  > +    if (client.state != State::lingering) shutdown(client.fd, SHUT_RD);
  > +  }
  > +  const Time begin = Clock::now();
  > +  while (!clients.empty() && Clock::now() < begin + limit) {
  > +    eventfd_t signals = 0;  // another one ends the stop
  > +    if (eventfd_read(wake, &signals) == 0 && Clock::now() > begin + 100ms) return;
  > +    for (auto next = clients.begin(); next != clients.end();) {
  > +      auto& [token, client] = *next++;  // settle may erase it
  > +      settle(token, advance(client));
  > +    }
  > +    std::this_thread::sleep_for(5ms);  // no event reports an acknowledgement
  > +  }
  > +}
  > +
  >  int main(int argc, char** argv) {
  >  // …
  >    if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  > +  const std::chrono::milliseconds drain_limit(option(words, "--drain-timeout", 5'000));
  >  // …
  >      park_or_resume(listener);
  >    }
  > +  drain(listener, drain_limit);
  >  }
  > END
  $ build page && start ./page; unread
  listening on 127\.0\.0\.1:\d+ (re)
  100000

A byte after the signal. Each time, whether there is a reset is not told by what the server does last.

  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5
  >   arrived; kill $pid; sleep 0.5; printf x >&5; head -c 2000000 <&5 | wc -c; }
  $ start ./page; calls_while owed; grep -o 'SHUT_[A-Z]*' calls
  listening on 127\.0\.0\.1:\d+ (re)
  head: error reading 'standard input': Connection reset by peer
  \d{5,6} (re)
  SHUT_RD
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    if (got < 0) return not_now();
  > +  if (got == 0 && draining) return hang_up(client);  // the 0 may be our own SHUT_RD
  >    if (got == 0) return false;
  > END
  $ build page && start ./page; calls_while owed; grep -o 'SHUT_[A-Z]*' calls
  listening on 127\.0\.0\.1:\d+ (re)
  head: error reading 'standard input': Connection reset by peer
  \d{5,6} (re)
  SHUT_RD
  SHUT_WR
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >    client.deadline = Clock::now() + 2s;
  > +  if (draining) return true;  // sending stays open until all is acknowledged
  >    return shutdown(client.fd, SHUT_WR) == 0;
  >  // …
  >    const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  > -  return got < 0 ? not_now() : got > 0;
  > +  if (got < 0 && !not_now()) return false;
  > +  if (!draining) return got != 0;
  > +  if (unacknowledged_bytes(client.fd) > 0) return true;
  > +  shutdown(client.fd, SHUT_WR);  // not earlier: more input would bring on a reset
  > +  return false;
  >  }
  > END
  $ build page && start ./page; calls_while owed; grep -o 'SHUT_[A-Z]*' calls
  listening on 127\.0\.0\.1:\d+ (re)
  2000000
  SHUT_RD
  SHUT_WR
  $ wait $pid; echo "exit status $?"
  exit status 0

That is the project's page, but for some comments, and the place of a function.

  $ tidy() { sed 's://.*::; s/ *$//' $1 | grep . | sort; }
  $ diff <(tidy page.cc) <(tidy $ROOT/part5-epoll/steps/19-under-attack.cc)
  $ stop
