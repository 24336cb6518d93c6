#pragma once

#include <system_error>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"

namespace common {

/// A connection and its peer's address, from accept4(2).
struct Accepted {
  Fd fd;
  Address peer;
};

/// Takes one connection out of the backlog of a non-blocking listener. `fd` is empty if there is
/// none. The connection is blocking, because a ring will do the waiting.
Result<Accepted> accept_waiting(const Fd& listener);

/// Whether accept(2) may succeed again after a pause, or when a connection has closed. The error
/// was then a shortage, trouble in the network, or a client that left early. Trying again
/// immediately would be a busy loop, except after EINTR and ECONNABORTED.
bool is_transient_accept_error(std::error_code error);

}  // namespace common
