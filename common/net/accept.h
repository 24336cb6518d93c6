#pragma once

#include <chrono>
#include <system_error>

#include "common/fd.h"
#include "common/net/address.h"

namespace common {

/// What accept4(2) returns: a connection, and the address of the peer.
struct Accepted {
  Fd fd;
  Address peer;
};

/// Whether accept(2) may succeed again when a connection has closed, or after shortage_pause:
/// the error was a shortage or trouble in the network. Trying again immediately would be a busy
/// loop.
bool is_transient_accept_error(std::error_code error);

/// How long a server waits before it tries again what failed in a shortage: no descriptor (EMFILE,
/// ENFILE), no memory, no thread, a network that is down. It accepts again earlier if a connection
/// closes.
inline constexpr std::chrono::milliseconds shortage_pause(100);

/// Connections accepted in one round of a loop: a flood of them must not keep the others waiting.
inline constexpr int accept_budget = 16;

}  // namespace common
