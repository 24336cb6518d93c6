// The page of 19-under-attack in several threads, each with a loop, an epoll, a listener and
// clients of its own, on one port. What they share are the permits for clients and the signal to
// stop. Try it: ./20-page-with-loops 5882 --workers 2   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int listen_on(int port, bool shared) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  if (shared) check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "SO_REUSEPORT");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  return listener;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

// The value after a name on the command line, such as 100 after --max-connections. A time comes
// back in milliseconds, be it 300ms, 60s or 5m.
unsigned long option(std::span<char*> words, std::string_view name, unsigned long otherwise) {
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != name) continue;
    char* rest = nullptr;
    const unsigned long number = std::strtoul(words[i + 1], &rest, 10);
    const std::string_view unit = rest;
    return unit == "s" ? number * 1000 : unit == "m" ? number * 60'000 : number;
  }
  return otherwise;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const char* header) {
  const auto byte = [header](int i) { return static_cast<std::uint32_t>(header[i]) & 0xff; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

constexpr std::size_t receive_bytes = 4 + 65536;
std::size_t message_bytes_max = receive_bytes;  // the header, too
std::chrono::milliseconds patience = 60s;  // with a client, for a message or for taking answers
thread_local bool draining = false;

enum class State { conversing, ending, lingering };

struct Client {
  int fd;
  Time deadline;          // for its next message, for taking some of `held`, or for its lingering
  std::string in = "";    // the beginning of a message, whose rest has not arrived
  std::string held = "";  // the end of our answers, which the kernel had no room for
  State state = State::conversing;
  std::uint32_t asked = 0;  // the events of its entry
  Time noted = {};          // the deadline that is in the set
  int unacknowledged = 0;   // bytes, when we last sent or looked
};

bool not_now() { return errno == EAGAIN || errno == EINTR; }

// Answers every complete message. False if the next one is too long.
bool take(Client& client) {
  std::size_t taken = 0;
  std::uint64_t message_bytes = 0;  // 4 more than a length may not fit into 32 bits
  while (client.in.size() - taken >= 4) {
    message_bytes = 4 + std::uint64_t{length_in(&client.in[taken])};
    if (message_bytes > message_bytes_max || client.in.size() - taken < message_bytes) break;
    taken += static_cast<std::size_t>(message_bytes);
  }
  client.held.append(client.in, 0, taken);  // an echo: the answers are the messages
  client.in.erase(0, taken);
  if (client.in.empty()) client.in.shrink_to_fit();  // an empty string keeps its memory
  return message_bytes <= message_bytes_max;
}

// The bytes sent that the client's kernel has not acknowledged yet.
int unacknowledged_bytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  if (info.tcpi_state == TCP_CLOSE) return 0;  // the client will acknowledge nothing more
  int bytes = 0;
  check(ioctl(fd, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

// The first of the three moves, which a stop makes last. False if the client is gone.
bool hang_up(Client& client) {
  client.state = State::lingering;
  client.held.clear();
  client.deadline = Clock::now() + 2s;
  if (draining) return true;  // sending stays open until all is acknowledged
  return shutdown(client.fd, SHUT_WR) == 0;
}

// The second: discards input, until the client's end of the stream. In a stop that end may be our
// own SHUT_RD, so there it continues until all answers are acknowledged.
bool discard(Client& client) {
  char discarded[4096];
  const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  if (got < 0 && !not_now()) return false;
  if (!draining) return got != 0;
  if (unacknowledged_bytes(client.fd) > 0) return true;
  shutdown(client.fd, SHUT_WR);  // not earlier: more input would bring on a reset
  return false;
}

bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0 && !not_now()) return false;
  if (sent < std::ssize(client.held)) client.unacknowledged = unacknowledged_bytes(client.fd);
  if (sent < 0) return true;
  client.held.erase(0, static_cast<std::size_t>(sent));
  if (client.held.empty()) client.held.shrink_to_fit();
  client.deadline = Clock::now() + patience;
  return true;
}

bool receive(Client& client) {
  char bytes[receive_bytes];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
  if (got == 0 && draining) return hang_up(client);  // the 0 may be our own SHUT_RD
  if (got == 0) return false;
  client.in.append(bytes, static_cast<std::size_t>(got));
  if (!take(client)) client.state = State::ending;
  if (client.held.empty()) return true;
  client.deadline = Clock::now() + patience;
  return send_held(client);
}

// One turn, with at most a receive and a send. False to close the client, the third move.
bool advance(Client& client) {
  if (client.state == State::lingering) return discard(client);
  if (!client.held.empty()) return send_held(client);
  return client.state == State::ending ? hang_up(client) : receive(client);
}

// Called when the client's time is up. False to close the client.
bool expire(Client& client) {
  if (client.state == State::lingering) return false;
  char byte;
  if (client.held.empty()) {
    const bool we_are_late = recv(client.fd, &byte, 1, MSG_PEEK) > 0;
    return we_are_late ? advance(client) : hang_up(client);
  }
  const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
  if (client.unacknowledged >= before) return hang_up(client);
  client.deadline = Clock::now() + patience;  // the client's kernel has taken some answers
  return true;
}

thread_local int epoll = -1;
thread_local int wake = -1;  // an eventfd

using Token = std::uint64_t;
constexpr Token wake_token = 0;
constexpr Token listener_token = 1;
thread_local std::map<Token, Client> clients;             // a token never comes back
thread_local std::set<std::pair<Time, Token>> deadlines;  // the earliest first

std::uint32_t interest(const Client& client) {
  return client.held.empty() && client.state != State::ending ? EPOLLIN : EPOLLOUT;
}

// [permits]
std::mutex mutex;           // for what follows
std::size_t permits = 0;    // for clients, in all loops together
std::vector<int> sleepers;  // eventfds, each of a loop that found no permit

bool take_permit() {
  const std::scoped_lock lock(mutex);
  if (permits > 0) {
    --permits;
    return true;
  }
  sleepers.push_back(wake);
  return false;
}

// Wakes all loops, because the next client may be in any of their queues.
void give_back_permit() {
  const std::scoped_lock lock(mutex);
  ++permits;
  for (const int sleeper : sleepers) eventfd_write(sleeper, 1);
  sleepers.clear();
}
// [/permits]

// Called after a client's turn. Closes it, or notes its deadline and the events it waits for.
void settle(Token token, bool stays) {
  Client& client = clients.at(token);
  deadlines.erase({client.noted, token});
  if (!stays) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd, nullptr);
    close(client.fd);
    clients.erase(token);
    give_back_permit();
    return;
  }
  client.noted = client.deadline;
  deadlines.emplace(client.noted, token);
  const std::uint32_t wanted = interest(client);
  if (wanted == std::exchange(client.asked, wanted)) return;
  epoll_event event{wanted, {.u64 = token}};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd, &event), "epoll_ctl");
}

void close_overdue() {
  const Time now = Clock::now();
  while (!deadlines.empty() && deadlines.begin()->first <= now) {
    const Token token = deadlines.begin()->second;
    settle(token, expire(clients.at(token)));
  }
}

thread_local Time parked_until;  // when the listener is worth asking about
thread_local bool parked = false;

// accept has failed. When is the listener worth asking about again?
Time retry_time(Time now) {
  static Time quiet_until;
  const std::scoped_lock lock(mutex);  // one line for all loops, also for the last one
  if (not_now() || errno == ECONNABORTED) return now;  // that client has gone
  const bool broken = errno == EBADF || errno == EINVAL || errno == ENOTSOCK;
  if (broken) check(-1, "accept");  // a broken listener stays broken
  if (now >= quiet_until) {
    std::perror("accept");  // EMFILE, for example
    quiet_until = now + 1s;
  }
  return now + 100ms;
}

int add(int fd, Token token) {
  epoll_event event{EPOLLIN, {.u64 = token}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

// [accept]
void watch_listener(int listener, bool watched) {
  parked = !watched;
  epoll_event event{watched ? EPOLLIN : 0U, {.u64 = listener_token}};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event), "epoll_ctl");
}

// Accepts only with a permit. If there is none, a released permit will wake this loop.
void accept_one(int listener) {
  thread_local Token last_token = listener_token;
  if (!take_permit()) return watch_listener(listener, false);
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  const Time now = Clock::now();
  if (fd >= 0 && add(fd, ++last_token) == 0) {
    clients[last_token] = {.fd = fd, .deadline = now + patience, .asked = EPOLLIN};
    settle(last_token, true);
    return;
  }
  if (fd >= 0) {
    close(fd);  // no wait would ever mention it
  } else {
    parked_until = retry_time(now);
    if (parked_until > now) watch_listener(listener, false);
  }
  give_back_permit();
}
// [/accept]

// A shell allows 1,024 descriptors at first, and each client needs one.
void raise_descriptor_limit(std::size_t clients_max) {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  if (limit.rlim_max >= clients_max + 16) return;  // 16 are our own
  std::fprintf(stderr, "%ju descriptors are too few for --max-connections %zu\n",
               std::uintmax_t{limit.rlim_max}, clients_max);
}

int how_long() {
  const Time now = Clock::now();
  auto next = now < parked_until ? parked_until : now + 1h;
  if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

std::vector<int> wakes;        // of all loops
std::atomic<int> signals = 0;  // that have come

void on_signal(int) {
  const int interrupted = errno;
  ++signals;
  for (const int each : wakes) eventfd_write(each, 1);
  errno = interrupted;
}

// Every client that is here gets what it is owed, and no other gets in.
void drain(int listener, std::chrono::milliseconds limit) {
  close(listener);
  draining = true;
  for (auto& [token, client] : clients) {
    // Sending to a lingering client is shut. With both shut, its next byte brings on a reset.
    if (client.state != State::lingering) shutdown(client.fd, SHUT_RD);
  }
  const Time begin = Clock::now();
  int same_stop = signals;
  while (!clients.empty() && Clock::now() < begin + limit) {
    if (Clock::now() < begin + 100ms) same_stop = signals;  // timeout(1) sends two
    if (signals > same_stop) return;
    for (auto next = clients.begin(); next != clients.end();) {
      auto& [token, client] = *next++;  // settle may erase it
      settle(token, advance(client));
    }
    std::this_thread::sleep_for(5ms);  // no event reports an acknowledgement
  }
}

void run_loop(int listener, int its_wake, std::chrono::milliseconds drain_limit) {
  wake = its_wake;
  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  check(add(wake, wake_token), "epoll_ctl");
  check(add(listener, listener_token), "epoll_ctl");

  while (signals == 0) {
    epoll_event batch[64];
    const int ready = epoll_wait(epoll, batch, 64, how_long());
    if (ready < 0 && errno != EINTR) check(ready, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const Token token = batch[i].data.u64;
      if (token == wake_token) {  // a signal, or a permit
        eventfd_t times;
        eventfd_read(wake, &times);
        if (parked && Clock::now() >= parked_until) watch_listener(listener, true);
      } else if (token == listener_token) {
        accept_one(listener);
      } else if (clients.contains(token)) {
        settle(token, advance(clients.at(token)));
      }
    }
    close_overdue();
    if (parked && parked_until != Time() && Clock::now() >= parked_until) {
      parked_until = {};
      watch_listener(listener, true);
    }
  }
  drain(listener, drain_limit);
}

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  permits = option(words, "--max-connections", 4096);
  message_bytes_max = 4 + option(words, "--max-message", 65'536);
  patience = std::chrono::milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  const std::chrono::milliseconds drain_limit(option(words, "--drain-timeout", 5'000));
  const unsigned long loops = option(words, "--workers", 2);
  raise_descriptor_limit(permits);

  // [main]
  const int probe = listen_on(argc > 1 ? std::atoi(argv[1]) : 0, false);  // nobody else has it
  const int port = port_of(probe);
  close(probe);
  std::vector<int> listeners;
  for (unsigned long i = 0; i < loops; ++i) {
    listeners.push_back(listen_on(port, true));
    wakes.push_back(check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
  }
  for (const int listener : listeners) check(listen(listener, SOMAXCONN), "listen");
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  std::vector<std::jthread> others;
  for (unsigned long i = 1; i < loops; ++i) {
    others.emplace_back(run_loop, listeners[i], wakes[i], drain_limit);
  }
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  run_loop(listeners[0], wakes[0], drain_limit);
  // [/main]
}
