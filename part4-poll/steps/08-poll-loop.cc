// The patient loop on poll(2): before each sleep it asks for what it could do next, and for nothing
// else. A listener that cannot accept is left out, the earliest deadline ends the sleep, and a
// signal wakes the loop. Try it: ./08-poll-loop 5882   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
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

int listen_on(int port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
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

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too
std::chrono::milliseconds patience = 60s;  // with a client, for a message or for taking answers

enum class State { conversing, ending, lingering };

struct Client {
  int fd;
  Time deadline;          // for its next message, for taking some of `held`, or for its lingering
  std::string in = "";    // the beginning of a message, whose rest has not arrived
  std::string held = "";  // the end of our answers, which the kernel had no room for
  State state = State::conversing;
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

// The first of the three moves. False if the client is gone.
bool hang_up(Client& client) {
  client.state = State::lingering;
  client.held.clear();
  client.deadline = Clock::now() + 2s;
  return shutdown(client.fd, SHUT_WR) == 0;
}

// The second: discards input, until the client's end of the stream.
bool discard(Client& client) {
  char discarded[4096];
  const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  return got < 0 ? not_now() : got > 0;
}

bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return not_now();
  client.held.erase(0, static_cast<std::size_t>(sent));
  if (client.held.empty()) client.held.shrink_to_fit();
  client.deadline = Clock::now() + patience;
  return true;
}

bool receive(Client& client) {
  char bytes[message_bytes_max];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
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
bool expire(Client& client) { return client.state != State::lingering && hang_up(client); }

short interest(const Client& client) {
  return client.held.empty() && client.state != State::ending ? POLLIN : POLLOUT;
}

std::vector<Client> clients;

void give_turns(const std::vector<pollfd>& entries) {
  const Time now = Clock::now();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Client& client = clients[i];
    const bool reported = entries[i + 2].revents != 0;  // wake and the listener come first
    const bool stays = !reported || advance(client);
    if (stays && (now < client.deadline || expire(client))) continue;
    close(client.fd);
    client.fd = -1;
  }
  std::erase_if(clients, [](const Client& client) { return client.fd < 0; });
}

std::size_t clients_max = 4096;
Time parked_until;  // when the listener is worth asking about

bool parked(Time now) { return clients.size() >= clients_max || now < parked_until; }

// accept has failed. When is the listener worth asking about again?
Time retry_time(Time now) {
  static Time quiet_until;
  if (not_now() || errno == ECONNABORTED) return now;  // that client has gone
  const bool broken = errno == EBADF || errno == EINVAL || errno == ENOTSOCK;
  if (broken) check(-1, "accept");  // a broken listener stays broken
  if (now >= quiet_until) {
    std::perror("accept");  // EMFILE, for example
    quiet_until = now + 1s;
  }
  return now + 100ms;
}

void accept_one(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  const Time now = Clock::now();
  if (fd < 0) parked_until = retry_time(now);
  if (fd >= 0) clients.push_back({.fd = fd, .deadline = now + patience});
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

int how_long(Time now) {
  auto next = now < parked_until ? parked_until : now + 1h;
  for (const Client& client : clients) next = std::min(next, client.deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

int wake = -1;  // an eventfd

void on_signal(int) {
  const int interrupted = errno;
  eventfd_write(wake, 1);
  errno = interrupted;
}

void wake_on_signals() {
  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
}

int main(int argc, char** argv) {
  wake_on_signals();
  const std::span words(argv, static_cast<std::size_t>(argc));
  clients_max = option(words, "--max-connections", 4096);
  patience = std::chrono::milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  raise_descriptor_limit();
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);  // prints that it listens
  std::vector<pollfd> entries;
  do {
    const Time now = Clock::now();
    entries = {{wake, POLLIN, 0}, {parked(now) ? -1 : listener, POLLIN, 0}};
    for (const Client& client : clients) entries.push_back({client.fd, interest(client), 0});
    const int ready = poll(entries.data(), entries.size(), how_long(now));
    if (ready < 0 && errno != EINTR) check(ready, "poll");

    give_turns(entries);
    if (entries[1].revents != 0) accept_one(listener);
  } while (entries[0].revents == 0);
}
