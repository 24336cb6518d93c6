#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace common {

/// Bytes that are owned.
using Bytes = std::vector<std::byte>;

/// Bytes that are owned elsewhere.
using ByteView = std::span<const std::byte>;

}  // namespace common
