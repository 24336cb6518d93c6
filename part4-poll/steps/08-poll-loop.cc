// The patient loop on poll(2): before each sleep it asks for what it could do next, and for nothing
// else. A listener that cannot accept is left out, the earliest deadline ends the sleep, and a
// signal wakes the loop. Try it: ./08-poll-loop 5882   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
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
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int listener = check(socket(AF_INET, type, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
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
std::uint32_t length_in(std::string_view bytes) {
  std::uint32_t length = 0;
  for (const unsigned i : {3U, 2U, 1U, 0U}) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

constexpr std::size_t receive_bytes = 4 + 65536;
std::size_t message_bytes_max = receive_bytes;  // the header, too
milliseconds patience = 60s;  // with a client, for a message or for taking answers
std::atomic<bool> stopping = false;

Time patience_ends() { return Clock::now() + patience; }

enum class State { conversing, ending, lingering };

struct Client {
  int fd;
  std::string in = "";              // the beginning of a message
  std::string held = "";            // the end of our answers, which the kernel had no room for
  Time deadline = patience_ends();  // for its next message, for taking some of `held`, or lingering
  State state = State::conversing;
};

// Whether the call that has just failed may succeed in a later turn.
bool not_now() { return errno == EAGAIN || errno == EINTR; }

// Answers every complete message. Returns false if the next one is too long.
bool take(std::string& in, std::string& held) {
  std::size_t taken = 0;
  std::uint64_t message_bytes = 0;  // 4 more than a length may not fit into 32 bits
  while (in.size() - taken >= 4) {
    message_bytes = 4 + std::uint64_t{length_in(std::string_view(in).substr(taken))};
    if (message_bytes > message_bytes_max || in.size() - taken < message_bytes) break;
    taken += static_cast<std::size_t>(message_bytes);
  }
  held.append(in, 0, taken);  // an echo: the answers are the messages
  in.erase(0, taken);
  if (in.empty()) in.shrink_to_fit();  // an empty string keeps its memory
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
  char discarded[receive_bytes];
  const ssize_t got = recv(client.fd, discarded, sizeof discarded, 0);
  return got < 0 ? not_now() : got > 0;
}

bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return not_now();
  client.held.erase(0, static_cast<std::size_t>(sent));
  if (client.held.empty()) client.held.shrink_to_fit();
  client.deadline = patience_ends();
  return true;
}

bool receive(Client& client) {
  char bytes[receive_bytes];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
  if (got == 0) return false;
  client.in.append(bytes, static_cast<std::size_t>(got));
  if (!take(client.in, client.held)) client.state = State::ending;
  return client.held.empty() || send_held(client);
}

// Takes one turn, with at most a receive and a send. Returns false to close the client.
bool advance(Client& client) {
  if (client.state == State::lingering) return discard(client);
  if (!client.held.empty()) return send_held(client);
  return client.state == State::ending ? hang_up(client) : receive(client);
}

// Takes the turn of a client whose time is up. Returns false to close the client.
bool expire(Client& client) { return client.state != State::lingering && hang_up(client); }

// The events to wait for.
short interest(const Client& client) {
  const bool sends = !client.held.empty() || client.state == State::ending;
  return sends ? POLLOUT : POLLIN;
}

std::map<int, Client> clients;  // by descriptor

// Called after a client's turn.
void settle(int fd, bool stays) {
  if (stays) return;
  close(fd);
  clients.erase(fd);
}

void give_turns(std::span<const pollfd> entries) {
  for (const pollfd& entry : entries) {
    if (entry.revents != 0) settle(entry.fd, advance(clients.at(entry.fd)));
  }
}

void close_overdue() {
  const Time now = Clock::now();
  for (auto next = clients.begin(); next != clients.end();) {
    auto& [fd, client] = *next++;  // settle may erase it
    if (client.deadline <= now) settle(fd, expire(client));
  }
}

std::size_t clients_max = 4096;

Time parked_until;  // when the listener is worth asking about

bool parked(Time now) { return clients.size() >= clients_max || now < parked_until; }

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
  if (not_now() || errno == ECONNABORTED) return now;  // that client has gone
  const bool broken = errno == EBADF || errno == EINVAL || errno == ENOTSOCK;
  if (broken) check(-1, "accept");  // a broken listener stays broken
  if (now >= quiet_until) {
    warn("accept");  // EMFILE, for example
    quiet_until = now + 1s;
  }
  return now + 100ms;
}

void accept_one(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    parked_until = retry_time(Clock::now());
  } else {
    clients[fd] = {.fd = fd};
  }
}

int how_long(Time now) {
  auto next = now < parked_until ? parked_until : now + 1h;
  for (const auto& [fd, client] : clients) next = std::min(next, client.deadline);
  const auto left = std::chrono::ceil<milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

int wake = -1;  // an eventfd

void on_stop() {
  stopping = true;
  eventfd_write(wake, 1);
}

void run_loop(int listener) {
  std::vector<pollfd> entries;
  while (!stopping) {
    const Time now = Clock::now();
    entries = {{wake, POLLIN, 0}, {parked(now) ? -1 : listener, POLLIN, 0}};
    for (const auto& [fd, client] : clients) entries.push_back({fd, interest(client), 0});
    const int ready = poll(entries.data(), entries.size(), how_long(now));
    if (ready < 0 && errno != EINTR) check(ready, "poll");

    give_turns(std::span(entries).subspan(2));
    if (entries[1].revents != 0) accept_one(listener);
    close_overdue();
  }
}

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  patience = milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  clients_max = option(words, "--max-connections", 4096);
  raise_descriptor_limit();
  message_bytes_max = 4 + option(words, "--max-message", 65'536);
  const milliseconds drain_limit(option(words, "--drain-timeout", 5'000));

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in this thread, and in those that it starts
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  std::thread([=] {
    int signal = 0;
    sigwait(&signals, &signal);
    on_stop();
    std::this_thread::sleep_for(drain_limit);
    _exit(0);  // some client has held us up for long enough
  }).detach();

  run_loop(listener);
}
