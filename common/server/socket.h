#pragma once

#include <chrono>
#include <cstddef>

#include "common/fd.h"

namespace common {

/// The most that is received at once. A buffer of that size belongs to the thread or the loop, and
/// is lent.
inline constexpr std::size_t receive_bytes_max = 16 * 1024;

/// How long after our end of stream we wait for the peer's.
inline constexpr std::chrono::milliseconds linger_timeout = std::chrono::seconds(2);

/// Bytes of ours that the peer's kernel has not acknowledged: SIOCOUTQ of tcp(7). 0 after a reset:
/// nobody is left who could.
std::size_t unacknowledged_bytes(const Fd& socket);

}  // namespace common
