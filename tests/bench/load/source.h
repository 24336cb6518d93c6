#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "common/fd.h"
#include "common/result.h"

namespace load {

/// Adds up to INADDR_ANY: the kernel chooses the address.
inline constexpr std::uint32_t source_anywhere = 0 - INADDR_LOOPBACK;

/// A TCP socket that connects from the loopback address 127.0.0.1 + `source`: to one port of one
/// server, each address has some 28000 ports of its own. `flags` as socket(2) takes them.
/// Errors: of socket(2), bind(2).
inline common::Result<common::Fd> socket_from(std::uint32_t source, int flags = 0) {
  common::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return common::last_error();
  const int on = 1;  // the port is chosen by connect(2), which knows the other end. ip(7)
  (void)::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return common::last_error();
  }
  return fd;
}

}  // namespace load
