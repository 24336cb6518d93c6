#pragma once

#include <cstddef>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"

namespace common {

/// Whether the calls on a socket may wait.
enum class SocketMode { blocking, nonblocking };

/// Listens on `address` (port 0: the kernel chooses one) with a backlog of SOMAXCONN. The
/// connections inherit TCP_NODELAY. `::` serves IPv4 as well. Errors: of socket(2), bind(2),
/// listen(2).
Result<Fd> listen_on(const Address& address, SocketMode mode);

/// Whether `descriptor` is a listening socket.
bool is_listening(int descriptor);

/// Opens several non-blocking sockets that listen on one address and port (SO_REUSEPORT), so that
/// the kernel spreads new connections over them. EADDRINUSE if another process listens there
/// already, although SO_REUSEPORT alone would let us join it.
Result<std::vector<Fd>> listen_group(const Address& address, std::size_t sockets);

/// Returns a listener for each worker: `sockets` and, if there are too few, duplicates of them in
/// turn. Error: of fcntl(2).
Result<std::vector<Fd>> listeners_for_workers(std::vector<Fd> sockets, std::size_t workers);

}  // namespace common
