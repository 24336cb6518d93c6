#include "common/net/listen.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <utility>

namespace common {
namespace {

int socket_flags(SocketMode mode) {
  return SOCK_CLOEXEC | (mode == SocketMode::nonblocking ? SOCK_NONBLOCK : 0);
}

Status set_flag(const Fd& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) < 0) return last_error();
  return {};
}

/// Returns a new socket, bound to `address`. Another process may listen there only if both want to
/// share the port.
Result<Fd> bind_to(const Address& address, SocketMode mode, bool share_port) {
  Fd socket(::socket(address.family(), SOCK_STREAM | socket_flags(mode), 0));
  if (!socket) return last_error();

  // Without this, connections of the last run would keep the port while they are in TIME_WAIT.
  // socket(7)
  if (const auto set = set_flag(socket, SOL_SOCKET, SO_REUSEADDR, 1); !set) {
    return std::unexpected(set.error());
  }
  if (share_port) {
    if (const auto set = set_flag(socket, SOL_SOCKET, SO_REUSEPORT, 1); !set) {
      return std::unexpected(set.error());
    }
  }
  if (address.family() == AF_INET6) {
    // Serves both families, whatever net.ipv6.bindv6only says. ipv6(7)
    if (const auto set = set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0); !set) {
      return std::unexpected(set.error());
    }
  }
  // Sends an answer when it is written, not when the last one was acknowledged. The accepted
  // connections inherit this option, although tcp(7) doesn't say so.
  if (const auto set = set_flag(socket, IPPROTO_TCP, TCP_NODELAY, 1); !set) {
    return std::unexpected(set.error());
  }
  if (::bind(socket.get(), address.data(), address.size()) < 0) return last_error();
  return socket;
}

Status start_listening(const Fd& socket) {
  if (::listen(socket.get(), SOMAXCONN) < 0) return last_error();
  return {};
}

}  // namespace

Result<Fd> listen_on(const Address& address, SocketMode mode) {
  auto socket = bind_to(address, mode, false);
  if (!socket) return socket;
  if (const auto listening = start_listening(*socket); !listening) {
    return std::unexpected(listening.error());
  }
  return socket;
}

bool is_listening(int descriptor) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

Result<std::vector<Fd>> listen_group(const Address& address, std::size_t sockets) {
  // We bind the first socket without SO_REUSEPORT, because with it bind would let us into the group
  // of another server of the same user. Once the port is ours, the other sockets may share it.
  auto first = listen_on(address, SocketMode::nonblocking);
  if (!first) return std::unexpected(first.error());
  if (sockets > 1) {
    if (const auto set = set_flag(*first, SOL_SOCKET, SO_REUSEPORT, 1); !set) {
      return std::unexpected(set.error());
    }
  }
  const auto bound = Address::of_socket(*first);  // with the port that the kernel chose
  if (!bound) return std::unexpected(bound.error());

  std::vector<Fd> group;
  group.push_back(std::move(*first));
  while (group.size() < sockets) {
    auto socket = bind_to(*bound, SocketMode::nonblocking, true);
    if (!socket) return std::unexpected(socket.error());
    if (const auto listening = start_listening(*socket); !listening) {
      return std::unexpected(listening.error());
    }
    group.push_back(std::move(*socket));
  }
  return group;
}

Result<std::vector<Fd>> listeners_for_workers(std::vector<Fd> sockets, std::size_t workers) {
  for (std::size_t i = 0; sockets.size() < workers; ++i) {
    Fd same(::fcntl(sockets[i].get(), F_DUPFD_CLOEXEC, 0));
    if (!same) return last_error();
    sockets.push_back(std::move(same));
  }
  return sockets;
}

}  // namespace common
