#pragma once

#include <cstddef>

#include "common/fd.h"
#include "common/server/constants.h"

namespace common {

// Until all callers name the constants of constants.h.
inline constexpr std::size_t receive_bytes_max = receive_buffer_bytes;

/// Bytes of ours that the peer's kernel has not acknowledged: SIOCOUTQ of tcp(7). 0 after a reset:
/// they will never be.
std::size_t unacknowledged_bytes(const Fd& socket);

}  // namespace common
