// Exercise 3.1: what day it is (RFC 867), for one client at a time, on ::1.
// Try it: ./e3_1 5013   then, in another terminal: ncat ::1 5013

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "common/fd.h"

namespace {

using Clock = std::chrono::steady_clock;

common::Fd listen_on_loopback(std::uint16_t port) {
  common::Fd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(listener.get(), SOMAXCONN) < 0) {
    std::perror("cannot listen");
    std::exit(1);
  }
  return listener;
}

void tell_the_time(const common::Fd& client) {
  std::array<char, 64> line;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  (void)::localtime_r(&now, &local);
  const std::size_t size =
      std::strftime(line.data(), line.size(), "%A, %d %B %Y %H:%M:%S\r\n", &local);
  // A line this short always fits an empty send buffer.
  if (::send(client.get(), line.data(), size, MSG_NOSIGNAL) < 0) return;
  if (::shutdown(client.get(), SHUT_WR) < 0) return;
  // If we closed with input unread, a reset would destroy the line.
  const timeval at_most{.tv_sec = 0, .tv_usec = 100'000};
  (void)::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &at_most, sizeof at_most);
  const auto give_up = Clock::now() + std::chrono::seconds(2);
  std::array<char, 4096> discarded;
  while (Clock::now() < give_up) {
    const ssize_t n = ::recv(client.get(), discarded.data(), discarded.size(), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long port = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 5013;
  const common::Fd listener = listen_on_loopback(static_cast<std::uint16_t>(port));
  while (true) {
    const common::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) tell_the_time(client);
  }
}
