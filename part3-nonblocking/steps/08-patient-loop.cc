// A whole server in which no call waits and nothing is lost: each client keeps the beginning of its
// message and the end of its answers. While it is owed an answer, nothing is received from it.
// Try it: ./08-patient-loop 5882   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

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

// [client]
constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too

struct Client {
  int fd;
  std::string in;    // the beginning of a message, whose rest has not arrived
  std::string held;  // the end of our answers, which the kernel had no room for
};

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
// [/client]

// [turn]
bool send_held(Client& client) {
  const ssize_t sent = send(client.fd, client.held.data(), client.held.size(), MSG_NOSIGNAL);
  if (sent < 0) return not_now();
  client.held.erase(0, static_cast<std::size_t>(sent));
  return true;
}

// At most one receive and one send. False: close it.
bool turn(Client& client) {
  if (!client.held.empty()) return send_held(client);
  char bytes[message_bytes_max];
  const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
  if (got < 0) return not_now();
  if (got == 0) return false;
  client.in.append(bytes, static_cast<std::size_t>(got));
  const bool stays = take(client);
  return (client.held.empty() || send_held(client)) && stays;
}
// [/turn]

int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  std::vector<Client> clients;
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) clients.push_back({fd, "", ""});
    for (std::size_t i = 0; i < clients.size();) {
      if (turn(clients[i])) {
        ++i;
      } else {
        close(clients[i].fd);
        std::swap(clients[i], clients.back());
        clients.pop_back();  // another client is at i now: it must not miss its turn
      }
    }
  }
}
