#pragma once

#include <cstddef>

#include "common/fd.h"

namespace common {

/// Bytes of ours that the peer's kernel hasn't acknowledged (SIOCOUTQ, tcp(7)). 0 after a reset,
/// because there will be no more acknowledgements.
std::size_t unacknowledged_bytes(const Fd& socket);

}  // namespace common
