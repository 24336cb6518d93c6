#include "variants/loopback.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/server/log.h"

namespace loopback {
namespace {

void send_at_once(const common::Fd& socket) {
  const int on = 1;
  check(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

}  // namespace

std::vector<Pair> connect_pairs(std::size_t count) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const common::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(::bind(listener.get(), name, size), "bind");
  check(::listen(listener.get(), SOMAXCONN), "listen");
  check(::getsockname(listener.get(), name, &size), "getsockname");

  std::vector<Pair> pairs;
  while (pairs.size() < count) {
    common::Fd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    check(::connect(peer.get(), name, size), "connect");
    common::Fd ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    check(ours.get(), "accept4");
    send_at_once(peer);
    send_at_once(ours);
    pairs.push_back({.ours = std::move(ours), .peer = std::move(peer)});
  }
  return pairs;
}

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  check(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "clock_gettime");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::int64_t check(std::int64_t result, const char* what) {
  if (result >= 0) return result;
  common::log(fmt::format("{}: {}", what, std::strerror(errno)));
  std::exit(1);
}

}  // namespace loopback
