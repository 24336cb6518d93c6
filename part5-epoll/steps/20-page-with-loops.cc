// The page of 19-under-attack in several threads, each with a loop, an epoll, a listener and
// clients of its own, on one port. What they share are the permits for clients and the signal to
// stop. Try it: ./20-page-with-loops 5882 --workers 2   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <err.h>
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
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/http/protocol_option.h"
#include "common/session.h"

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

// A socket at this port, which it shares with others, or not.
int listen_on(const char* port, bool shared) {
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int listener = check(socket(AF_INET, type, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  if (shared) check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "SO_REUSEPORT");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, name, sizeof address), "bind");
  return listener;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

// As many listeners as loops, at one port.
std::vector<int> listen_group(const char* port, unsigned long loops) {
  const int probe = listen_on(port, false);  // nobody else has it
  const std::string number = std::to_string(port_of(probe));
  close(probe);
  std::vector<int> listeners;
  while (listeners.size() < loops) listeners.push_back(listen_on(number.c_str(), true));
  for (const int listener : listeners) check(listen(listener, SOMAXCONN), "listen");
  std::printf("listening on 127.0.0.1:%s\n", number.c_str());
  std::fflush(stdout);
  return listeners;
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

// The bytes sent that the client's kernel has not acknowledged yet.
int unacknowledged_bytes(int client) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  // After a reset nothing more is acknowledged, so SIOCOUTQ keeps its last value forever.
  if (info.tcpi_state == TCP_CLOSE) return 0;
  int bytes = 0;
  check(ioctl(client, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

constexpr std::size_t receive_bytes = 4 + 65536;
std::uint32_t max_message = 65'536;
common::Protocol protocol = common::Protocol::echo;
milliseconds patience = 60s;  // with a client, for a message or for taking answers
std::atomic<bool> stopping = false;

Time patience_ends() { return Clock::now() + patience; }

enum class State { conversing, ending, lingering };

struct Client {
  int fd;
  std::unique_ptr<common::Session> session = common::make_session(protocol, max_message);
  std::string held = "";            // the end of our answers, which the kernel had no room for
  Time deadline = patience_ends();  // for its next message, for taking some of `held`, or lingering
  State state = State::conversing;
  std::uint32_t asked = EPOLLIN;  // the events of its entry
  Time noted = {};                // the deadline that is in the set
  int unacknowledged = 0;         // bytes, when we last sent or looked
};

// Whether the call that has just failed may succeed in a later turn.
bool not_now() { return errno == EAGAIN || errno == EINTR; }

// The first of the three moves. False if the client is gone.
bool hang_up(Client& client) {
  client.state = State::lingering;
  client.held.clear();
  client.deadline = Clock::now() + 2s;
  return shutdown(client.fd, SHUT_WR) == 0;
}

// The second: discards input, until the client's end of the stream. A stop waits only until all
// answers are acknowledged.
bool discard(Client& client) {
  char discarded[receive_bytes];
  const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  if (got < 0 && !not_now()) return false;
  return stopping ? unacknowledged_bytes(client.fd) > 0 : got != 0;
}

bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0 && !not_now()) return false;
  if (sent < std::ssize(client.held)) client.unacknowledged = unacknowledged_bytes(client.fd);
  if (sent < 0) return true;
  client.held.erase(0, static_cast<std::size_t>(sent));
  if (client.held.empty()) client.held.shrink_to_fit();
  client.deadline = patience_ends();
  return true;
}

bool receive(Client& client) {
  char bytes[receive_bytes];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN && stopping) return hang_up(client);  // all is answered
  if (got < 0) return not_now();
  if (got == 0) return false;
  common::SendBuffer answers;
  const auto received = std::as_bytes(std::span(bytes)).first(static_cast<std::size_t>(got));
  const auto completed = client.session->take(received, answers);
  client.held.append(reinterpret_cast<const char*>(answers.view().data()), answers.size());
  if (!completed || client.session->finished()) {
    client.state = State::ending;
  } else if (*completed > 0) {
    client.deadline = patience_ends();  // not for bytes, or one now and then would hold it open
  }
  const Time due = client.deadline;
  if (!client.held.empty() && !send_held(client)) return false;
  if (client.held.empty()) client.deadline = due;  // `100 Continue` completes no message
  return true;
}

// Takes one turn, with at most a receive and a send. Returns false to close the client.
bool advance(Client& client) {
  if (client.state == State::lingering) return discard(client);
  if (!client.held.empty()) return send_held(client);
  return client.state == State::ending ? hang_up(client) : receive(client);
}

// Takes the turn of a client whose time is up. Returns false to close the client.
bool expire(Client& client) {
  if (client.state == State::lingering) return false;
  if (client.held.empty()) {
    char byte;
    if (recv(client.fd, &byte, 1, MSG_PEEK) > 0) return advance(client);  // we are late ourselves
  } else {
    const int before = std::exchange(client.unacknowledged, unacknowledged_bytes(client.fd));
    if (client.unacknowledged < before) {  // the client's kernel has taken some answers
      client.deadline = patience_ends();
      return true;
    }
  }
  return hang_up(client);
}

// The events to wait for.
std::uint32_t interest(const Client& client) {
  const bool sends = !client.held.empty() || client.state == State::ending;
  return sends ? EPOLLOUT : EPOLLIN;
}

thread_local int epoll = -1;
thread_local int wake = -1;  // an eventfd

using Token = std::uint64_t;
constexpr Token wake_token = 0;
constexpr Token listener_token = 1;
thread_local std::map<Token, Client> clients;             // a token never comes back
thread_local std::set<std::pair<Time, Token>> deadlines;  // the earliest first

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

// Called after a client's turn.
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

std::size_t clients_max = 4096;

thread_local Time parked_until;  // when the listener is worth asking about

thread_local bool parked = false;

void watch_listener(int listener, bool watched) {
  parked = !watched;
  epoll_event event{watched ? EPOLLIN : 0U, {.u64 = listener_token}};
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, listener, &event), "epoll_ctl");
}

// A shell allows 1,024 descriptors at first, and each client needs one.
void raise_descriptor_limit() {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  if (limit.rlim_max >= clients_max + 16) return;  // 16 are our own
  std::fprintf(stderr, "%ju descriptors are too few for --max-connections %zu\n",
               std::uintmax_t{limit.rlim_max}, clients_max);
}

// accept has failed. When is the listener worth asking about again?
Time retry_time(Time now) {
  static Time quiet_until;
  const std::scoped_lock lock(mutex);
  if (not_now() || errno == ECONNABORTED) return now;  // that client has gone
  const bool broken = errno == EBADF || errno == EINVAL || errno == ENOTSOCK;
  if (broken) check(-1, "accept");  // a broken listener stays broken
  if (now >= quiet_until) {
    warn("accept");  // EMFILE, for example
    quiet_until = now + 1s;
  }
  return now + 100ms;
}

int add(int fd, Token token) {
  epoll_event event{EPOLLIN, {.u64 = token}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void accept_one(int listener) {
  thread_local Token last_token = listener_token;
  if (!take_permit()) {
    parked_until = Time::max();  // the next one that comes back wakes this loop
    return;
  }
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    parked_until = retry_time(Clock::now());
    give_back_permit();
  } else if (add(fd, ++last_token) < 0) {
    close(fd);  // no wait would ever mention it
    give_back_permit();
  } else {
    clients[last_token] = {.fd = fd};
    settle(last_token, true);
  }
}

int how_long(Time now) {
  auto next = std::min(now + 1h, now < parked_until ? parked_until : Time::max());
  if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
  const auto left = std::chrono::ceil<milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

// What one of several loops gets.
struct Worker {
  int listener;
  int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
};
std::vector<Worker> workers;

void on_stop() {
  stopping = true;
  for (const Worker& each : workers) eventfd_write(each.wake, 1);
}

// Every client that is here gets what it is owed.
void drain() {
  while (!clients.empty()) {
    for (auto next = clients.begin(); next != clients.end();) {
      auto& [token, client] = *next++;  // settle may erase it
      settle(token, advance(client));
    }
    std::this_thread::sleep_for(5ms);  // no event reports an acknowledgement
  }
}

void run_loop(const Worker& worker) {
  epoll = worker.epoll;
  wake = worker.wake;
  const int listener = worker.listener;
  check(add(wake, wake_token), "epoll_ctl");
  check(add(listener, listener_token), "epoll_ctl");

  while (!stopping) {
    epoll_event batch[64];
    const int ready = epoll_wait(epoll, batch, 64, how_long(Clock::now()));
    if (ready < 0 && errno != EINTR) check(ready, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const Token token = batch[i].data.u64;
      if (token == wake_token) {  // a stop, or a permit
        eventfd_t times;
        eventfd_read(wake, &times);
        parked_until = {};
      } else if (token == listener_token) {
        accept_one(listener);
      } else if (clients.contains(token)) {
        settle(token, advance(clients.at(token)));
      }
    }
    close_overdue();
    const bool park = Clock::now() < parked_until;
    if (park != parked) watch_listener(listener, !park);
  }
  close(listener);  // the kernel resets the connections in its queue
  drain();
}

// Waits for one of these signals, but not for longer than the limit.
void wait_for(const sigset_t& signals, milliseconds limit) {
  const timespec time{.tv_sec = limit.count() / 1000, .tv_nsec = limit.count() % 1000 * 1'000'000};
  while (sigtimedwait(&signals, nullptr, &time) < 0 && errno == EINTR) {
  }
}

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  patience = milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  clients_max = option(words, "--max-connections", 4096);
  permits = clients_max;
  raise_descriptor_limit();
  max_message = static_cast<std::uint32_t>(option(words, "--max-message", 65'536));
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != std::string_view("--protocol")) continue;
    const std::string_view name = words[i + 1];
    if (name == "http") protocol = common::Protocol::http;
    if (name == "discard") protocol = common::Protocol::discard;
  }
  const milliseconds drain_limit(option(words, "--drain-timeout", 5'000));

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in this thread, and in those that it starts
  const auto listeners = listen_group(argc > 1 ? argv[1] : "0", option(words, "--workers", 1));
  for (const int listener : listeners) workers.push_back({.listener = listener});
  std::thread([=] {
    int signal = 0;
    sigwait(&signals, &signal);
    on_stop();
    wait_for(signals, 100ms);  // for the same stop: timeout(1) sends two
    wait_for(signals, drain_limit);
    _exit(0);  // another one, or some client has held us up for long enough
  }).detach();

  std::vector<std::jthread> others;  // joined at the end
  for (std::size_t i = 1; i < workers.size(); ++i) others.emplace_back(run_loop, workers[i]);
  run_loop(workers[0]);
}
