#pragma once

#include <cstddef>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"

namespace common {

/// Whether the calls on a socket may wait.
enum class SocketMode { blocking, nonblocking };

/// A socket that listens on `address` (port 0: the kernel chooses one), with a backlog of SOMAXCONN
/// and TCP_NODELAY for the connections, which inherit it. `::` serves IPv4 as well.
/// Errors: of socket(2), bind(2), listen(2).
Result<Fd> listen_on(const Address& address, SocketMode mode);

/// Whether it is a socket that listens.
bool is_listening(int descriptor);

/// Several sockets, non-blocking, that listen on one address and port (SO_REUSEPORT): the kernel
/// spreads the new connections over them. EADDRINUSE where another process listens there already,
/// although SO_REUSEPORT alone would let us join it.
Result<std::vector<Fd>> listen_group(const Address& address, std::size_t sockets);

/// One listener for each of several workers: the sockets, and where there are fewer, duplicates of
/// them in turn. Error: of fcntl(2).
Result<std::vector<Fd>> listeners_for_workers(std::vector<Fd> sockets, std::size_t workers);

}  // namespace common
