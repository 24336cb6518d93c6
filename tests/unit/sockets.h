#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/fd.h"
#include "common/net/accept.h"
#include "common/net/address.h"
#include "common/net/listen.h"

namespace tests {

/// Both ends of a connection.
struct Ends {
  common::Fd server;
  common::Fd client;
};

inline Ends unix_connection() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {common::Fd(ends[0]), common::Fd(ends[1])};
}

/// Connects a blocking socket to `address`. Returns an empty Fd if the connection is refused.
inline common::Fd connect_to(const common::Address& address) {
  common::Fd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.get(), address.data(), address.size()) < 0) return {};
  return client;
}

inline common::Address on_free_port(std::string_view host = "127.0.0.1") {
  return *common::Address::parse(host, 0);
}

/// Accepts a connection, which must be in the backlog already.
inline common::Accepted accept_from(const common::Fd& listener) {
  common::Accepted accepted;
  socklen_t size = common::Address::capacity();
  accepted.fd = common::Fd(::accept4(listener.get(), accepted.peer.data(), &size, SOCK_CLOEXEC));
  EXPECT_TRUE(accepted.fd) << std::strerror(errno);
  return accepted;
}

inline Ends tcp_connection() {
  const auto listener = common::listen_on(on_free_port(), common::SocketMode::blocking);
  auto client = connect_to(*common::Address::of_socket(*listener));
  return {accept_from(*listener).fd, std::move(client)};
}

/// Closes the socket with a reset instead of an end of stream. socket(7), SO_LINGER
inline void reset(common::Fd& socket) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  socket = common::Fd();
}

}  // namespace tests
