// The patient loop on poll(2): before each sleep it asks for what it could do next, and for nothing
// else. A client gets a minute for a message, or for taking more of its answers; a listener that
// cannot accept is left out; a signal wakes the loop. Try it: ./13-poll-loop 5882   and in another
// terminal   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd   (a second argument: the seconds)

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
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
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const char* header) {
  const auto byte = [header](int i) { return static_cast<std::uint32_t>(header[i]) & 0xff; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too

struct Client {
  int fd;
  std::string in;    // the beginning of a message, whose rest has not arrived
  std::string held;  // the end of our answers, which the kernel had no room for
  Time deadline;     // for its next message, or for taking more of what is held
};

std::chrono::seconds patience = 60s;
std::vector<Client> clients;

bool not_now() { return errno == EAGAIN || errno == EINTR; }

// Answers every message that is complete. False: the next one is too long.
bool take(Client& client) {
  std::size_t taken = 0;
  std::size_t message_bytes = 0;
  while (client.in.size() - taken >= 4) {
    message_bytes = 4 + std::size_t{length_in(&client.in[taken])};
    if (message_bytes > message_bytes_max || client.in.size() - taken < message_bytes) break;
    taken += message_bytes;
  }
  client.held.append(client.in, 0, taken);  // an echo: the answers are the messages
  client.in.erase(0, taken);
  return message_bytes <= message_bytes_max;
}

short interest(const Client& client) { return client.held.empty() ? POLLIN : POLLOUT; }

bool send_held(Client& client, Time now) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return not_now();
  client.held.erase(0, static_cast<std::size_t>(sent));
  client.deadline = now + patience;
  return true;
}

// At most one receive and one send. False: close it.
bool turn(Client& client, Time now) {
  if (!client.held.empty()) return send_held(client, now);
  char bytes[message_bytes_max];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
  if (got == 0) return false;
  client.in.append(bytes, static_cast<std::size_t>(got));
  const bool stays = take(client);
  if (client.held.empty()) return stays;  // no message is complete, so its time goes on
  client.deadline = now + patience;
  return send_held(client, now) && stays;
}

void give_turns(const std::vector<pollfd>& entries, Time now) {
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Client& client = clients[i];
    const bool reported = entries[i + 2].revents != 0;  // wake and the listener come first
    const bool stays = !reported || turn(client, now);
    if (stays && now < client.deadline) continue;
    close(client.fd);
    client.fd = -1;
  }
  std::erase_if(clients, [](const Client& client) { return client.fd < 0; });
}

// [listener]
Time accept_again;  // when the listener is worth asking about

bool parked(Time now) { return clients.size() >= 64 || now < accept_again; }

void accept_one(int listener, Time now) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) clients.push_back({fd, "", "", now + patience});
  if (fd < 0 && errno != EAGAIN) accept_again = now + 100ms;  // as for EMFILE
}
// [/listener]

int how_long(Time now) {
  auto next = now < accept_again ? accept_again : now + 1h;
  for (const Client& client : clients) next = std::min(next, client.deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

// [wake]
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
// [/wake]

int main(int argc, char** argv) {
  wake_on_signals();
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);  // prints that it listens
  if (argc > 2) patience = std::chrono::seconds(std::atoi(argv[2]));
  std::vector<pollfd> entries;
  do {
    Time now = Clock::now();
    entries = {{wake, POLLIN, 0}, {parked(now) ? -1 : listener, POLLIN, 0}};
    for (const Client& client : clients) entries.push_back({client.fd, interest(client), 0});
    const int ready = poll(entries.data(), entries.size(), how_long(now));
    if (ready < 0 && errno != EINTR) check(ready, "poll");

    now = Clock::now();
    give_turns(entries, now);
    if (entries[1].revents != 0) accept_one(listener, now);
  } while (entries[0].revents == 0);
  std::puts("stopped");
}
