#pragma once

#include <cstddef>

#include "common/fd.h"

namespace common {

/// Bytes of ours that the peer's kernel has not acknowledged: SIOCOUTQ of tcp(7). 0 after a reset:
/// they never will be acknowledged.
std::size_t unacknowledged_bytes(const Fd& socket);

}  // namespace common
