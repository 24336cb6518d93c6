// A whole poll loop: before each sleep it asks for what it could do next, and for nothing else. It
// keeps the answers of a client that does not read, closes one that does nothing for a minute,
// leaves out the listener while there is no room, and is woken by a signal.
// Try it: ./13-poll-loop 5882   and in two other terminals   ncat 127.0.0.1 5882

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
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

// [client]
struct Client {
  int fd;
  Time deadline;
  std::string held;  // what the kernel had no room for
};

short interest(const Client& client) { return client.held.empty() ? POLLIN : POLLOUT; }

bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  client.held.erase(0, static_cast<std::size_t>(sent));
  return true;
}

bool turn(Client& client, Time now) {
  if (!client.held.empty()) return send_held(client);
  char bytes[4096];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  client.held.assign(bytes, static_cast<std::size_t>(got));
  client.deadline = now + 1min;
  return send_held(client);
}
// [/client]

void give_turns(std::vector<Client>& clients, const std::vector<pollfd>& entries, Time now) {
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Client& client = clients[i];
    const bool reported = entries[i + 2].revents != 0;  // wake and the listener come first
    const bool stays = reported ? turn(client, now) : now < client.deadline;
    if (stays) continue;
    close(client.fd);
    client.fd = -1;
  }
  std::erase_if(clients, [](const Client& client) { return client.fd < 0; });
}

int milliseconds(Clock::duration left) {
  return static_cast<int>(
      std::max(std::chrono::ceil<std::chrono::milliseconds>(left), 0ms).count());
}

int wake = -1;
void stop(int) {
  const int interrupted = errno;
  eventfd_write(wake, 1);
  errno = interrupted;
}

int main(int argc, char** argv) {
  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);  // prints that it listens

  std::vector<Client> clients;
  std::vector<pollfd> entries;
  Time accept_again;  // when the listener is worth asking about
  do {
    auto now = Clock::now();
    auto next = now < accept_again ? accept_again : now + 1h;
    const bool parked = clients.size() >= 64 || now < accept_again;
    entries = {{wake, POLLIN, 0}, {parked ? -1 : listener, POLLIN, 0}};
    for (const Client& client : clients) {
      entries.push_back({client.fd, interest(client), 0});
      next = std::min(next, client.deadline);
    }
    const int ready = poll(entries.data(), entries.size(), milliseconds(next - now));
    if (ready < 0 && errno != EINTR) check(ready, "poll");

    now = Clock::now();
    give_turns(clients, entries, now);
    if (entries[1].revents == 0) continue;
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) clients.push_back({fd, now + 1min, {}});
    if (fd < 0 && errno != EAGAIN) accept_again = now + 100ms;  // as for EMFILE
  } while (entries[0].revents == 0);
  std::puts("stopped");
}
