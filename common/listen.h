#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/address.h"
#include "common/fd.h"
#include "common/options.h"
#include "common/result.h"

namespace common {

/// Whether accept and the accepted connection may wait.
enum class Waiting { blocking, nonblocking };

/// A socket that listens on options.host and options.port (0: the kernel chooses), with a backlog
/// of SOMAXCONN and TCP_NODELAY for the connections, which inherit it. `::` serves IPv4 as well.
/// Errors: of socket(2), bind(2), listen(2).
Result<Fd> listen_on(const Options& options, Waiting waiting);

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
/// (EAGAIN). Errors: EMFILE, ENFILE, ENOBUFS, ENOMEM: wait until a connection leaves, or 100 ms;
/// EINVAL: the listener was shut down. Source: accept(2).
Result<std::optional<Accepted>> accept_one(const Fd& listener, Waiting waiting);

/// Whether trying accept_one() again can help, some time later.
bool is_shortage(std::error_code error);

}  // namespace common
