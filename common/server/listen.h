#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "common/server/address.h"
#include "common/server/options.h"

namespace common {

/// Whether accept and the accepted connection may wait.
enum class SocketMode { blocking, nonblocking };

/// A socket that listens on options.host and options.port (0: the kernel chooses), with a backlog
/// of SOMAXCONN and TCP_NODELAY for the connections, which inherit it. `::` serves IPv4 as well.
/// Errors: of socket(2), bind(2), listen(2).
Result<Fd> listen_on(const Options& options, SocketMode mode);

/// So many sockets listening on one address and port (SO_REUSEPORT), over which the kernel spreads
/// the newcomers. Fails where a stranger already listens, although SO_REUSEPORT alone would let us
/// join in.
Result<std::vector<Fd>> listen_group(const Options& options, std::size_t sockets);

/// One accepted connection and who is at its other end.
struct Accepted {
  Fd fd;
  Address peer;
};

/// Takes one connection out of the backlog, non-blocking if the listener is; nullopt: there is none
/// (EAGAIN). Errors: of accept4(2), but for EINTR and ECONNABORTED, after which it tries again;
/// EINVAL: the listener was shut down.
Result<std::optional<Accepted>> accept_one(const Fd& listener, SocketMode mode);

/// Whether accept_one() may do better when a connection has left, or 100 ms later: a shortage, or
/// trouble in the network. Not at once: that would be a busy loop.
bool is_transient_accept_error(std::error_code error);

}  // namespace common
