#pragma once

#include <system_error>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"

namespace common {

/// What accept4(2) returns: a connection, and the address of the peer.
struct Accepted {
  Fd fd;
  Address peer;
};

/// Takes one connection out of the backlog of a non-blocking listener; no descriptor: there is
/// none. The connection itself need not be non-blocking: it is for a ring, which waits.
Result<Accepted> accept_waiting(const Fd& listener);

/// Whether accept(2) may succeed again when a connection has closed, or after a pause: the
/// error was a shortage, trouble in the network, or a client that did not wait. Trying again
/// immediately would be a busy loop, except after EINTR and ECONNABORTED.
bool is_transient_accept_error(std::error_code error);

}  // namespace common
