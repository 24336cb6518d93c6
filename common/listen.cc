#include "common/listen.h"

#include <netinet/tcp.h>

#include <cassert>

namespace common {
namespace {

int socket_flags(Waiting waiting) {
  return SOCK_CLOEXEC | (waiting == Waiting::nonblocking ? SOCK_NONBLOCK : 0);
}

Status set_flag(const Fd& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) < 0) return last_error();
  return {};
}

/// A socket bound to `address`. Another process may listen there only if both want to share the
/// port.
Result<Fd> bind_to(const Address& address, Waiting waiting, bool share_port) {
  Fd socket(::socket(address.family(), SOCK_STREAM | socket_flags(waiting), 0));
  if (!socket) return last_error();

  // Connections of the last run still stand in TIME_WAIT; without this they keep the port.
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
    // Both families, whatever net.ipv6.bindv6only says. ipv6(7)
    if (const auto set = set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0); !set) {
      return std::unexpected(set.error());
    }
  }
  // An answer leaves when it is written, not when the last one was acknowledged. Inherited by
  // the accepted connections. tcp(7)
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

Address address_of(const Options& options) {
  const auto address = Address::parse(options.host, options.port);
  assert(address);  // the option's parser let nothing else through
  return *address;
}

}  // namespace

Result<Fd> listen_on(const Options& options, Waiting waiting) {
  auto socket = bind_to(address_of(options), waiting, false);
  if (!socket) return socket;
  if (const auto listening = start_listening(*socket); !listening) {
    return std::unexpected(listening.error());
  }
  return socket;
}

Result<std::vector<Fd>> listen_group(const Options& options, std::size_t sockets) {
  auto address = address_of(options);
  {
    // SO_REUSEPORT would let us join a stranger's group (same user): without it, bind tells. Asked
    // for any free port, it also chooses the one that all of the group then share.
    const auto probe = bind_to(address, Waiting::nonblocking, false);
    if (!probe) return std::unexpected(probe.error());
    const auto bound = Address::of_socket(*probe);
    if (!bound) return std::unexpected(bound.error());
    address = *bound;
  }

  std::vector<Fd> group;
  for (std::size_t i = 0; i < sockets; ++i) {
    auto socket = bind_to(address, Waiting::nonblocking, true);
    if (!socket) return std::unexpected(socket.error());
    group.push_back(std::move(*socket));
  }
  // Listening only when all are bound: the group never misses a member that a newcomer was meant
  // for.
  for (const Fd& socket : group) {
    if (const auto listening = start_listening(socket); !listening) {
      return std::unexpected(listening.error());
    }
  }
  return group;
}

Result<std::optional<Accepted>> accept_one(const Fd& listener, Waiting waiting) {
  while (true) {
    Accepted accepted;
    socklen_t size = Address::capacity();
    accepted.fd = Fd(::accept4(listener.get(), accepted.peer.data(), &size, socket_flags(waiting)));
    if (accepted.fd) return accepted;
    switch (errno) {  // accept(2), "ERRORS" and "Error handling"
      case EAGAIN:
        return std::nullopt;
      case EINTR:
      case ECONNABORTED:  // this peer left while it was queued; the next may be fine, as after
      case ENETDOWN:      // the network's errors, which Linux hands out on the listener
      case EPROTO:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case EPERM:  // a firewall's rule
      case ENETUNREACH:
        continue;
      default:
        return last_error();
    }
  }
}

bool is_shortage(std::error_code error) {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

}  // namespace common
