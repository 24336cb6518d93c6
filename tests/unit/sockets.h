#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>

#include "common/fd.h"
#include "common/server/address.h"
#include "common/server/listen.h"

namespace tests {

/// Both ends of a connection: the server's and the client's.
struct Ends {
  common::Fd server;
  common::Fd client;
};

inline Ends unix_connection() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {common::Fd(ends[0]), common::Fd(ends[1])};
}

/// A blocking connection to `address`; no Fd if it was refused. A client that reads slowly has a
/// small `receive_buffer_bytes`; 0: as the system likes.
inline common::Fd connect_to(const common::Address& address, int receive_buffer_bytes = 0) {
  common::Fd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer_bytes > 0) {
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
  }
  if (::connect(client.get(), address.data(), address.size()) < 0) return {};
  return client;
}

inline common::Options on_free_port(const std::string& host = "127.0.0.1") {
  common::Options options;
  options.host = host;
  options.port = 0;
  return options;
}

inline Ends tcp_connection(int client_receive_buffer_bytes = 0) {
  const auto listener = common::listen_on(on_free_port(), common::SocketMode::blocking);
  auto client = connect_to(*common::Address::of_socket(*listener), client_receive_buffer_bytes);
  auto accepted = common::accept_one(*listener, common::SocketMode::blocking);
  return {std::move((*accepted)->fd), std::move(client)};
}

/// Closes it with a reset instead of an end of stream. socket(7), SO_LINGER
inline void reset(common::Fd& socket) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  socket = common::Fd();
}

/// Everything up to the end of the stream, and what errno ended it: 0 is an orderly end.
struct Received {
  std::string bytes;
  int error = 0;
};

inline Received receive_all(const common::Fd& socket) {
  Received received;
  char buffer[4096];
  while (true) {
    const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (n < 0) received.error = errno;
    if (n <= 0) return received;
    received.bytes.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace tests
