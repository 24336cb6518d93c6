// Exercise 2.2: says how many bytes and line ends a client has sent, one client at a time.
// Try it: ./e2_2 5002   then, in another terminal: printf 'one\ntwo' | ncat 127.0.0.1 5002

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/fd.h"

namespace {

common::Fd listen_on_loopback(std::uint16_t port) {
  common::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(listener.get(), SOMAXCONN) < 0) {
    std::perror("cannot listen");
    std::exit(1);
  }
  return listener;
}

void count(const common::Fd& client) {
  static std::array<char, 65536> buffer;
  std::uintmax_t bytes = 0;
  std::uintmax_t lines = 0;
  ssize_t received = 0;
  while ((received = ::recv(client.get(), buffer.data(), buffer.size(), 0)) > 0) {
    bytes += static_cast<std::uintmax_t>(received);
    lines +=
        static_cast<std::uintmax_t>(std::count(buffer.begin(), buffer.begin() + received, '\n'));
  }
  if (received < 0) return;  // after a reset, for example, there's nobody to tell
  std::array<char, 80> line;
  const int size = std::snprintf(line.data(), line.size(), "%ju bytes, %ju lines\n", bytes, lines);
  // A line this short always fits an empty send buffer.
  (void)::send(client.get(), line.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
}

}  // namespace

int main(int argc, char** argv) {
  const long port = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 5002;
  const common::Fd listener = listen_on_loopback(static_cast<std::uint16_t>(port));
  while (true) {
    const common::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) count(client);
  }
}
