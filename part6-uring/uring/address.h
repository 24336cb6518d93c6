#pragma once

#include "common/net/accept.h"
#include "common/net/address.h"
#include "common/net/listen.h"

// Names that the loop shares with the servers that have no ring.
namespace uring {

using common::Accepted;
using common::Address;
using common::is_transient_accept_error;

/// Listens on `address` (port 0: the kernel chooses one) with a backlog of SOMAXCONN. The
/// connections inherit TCP_NODELAY. `::` serves IPv4 as well. Several loops may accept from the
/// socket. Errors: of socket(2), bind(2), listen(2).
inline common::Result<common::Fd> listen_on(const Address& address) {
  // A ring waits for a connection without blocking the thread. (Linux 6.18 also waits if the socket
  // is non-blocking, but a program's own accept(2) does not.)
  return common::listen_on(address, common::SocketMode::blocking);
}

}  // namespace uring
