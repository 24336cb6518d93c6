#pragma once

#include <optional>
#include <string_view>

#include "common/net/address.h"

namespace finger {

/// From an address and a port that is not 0: `127.0.0.1:79` or `[::1]:79`. nullopt: it is neither.
std::optional<common::Address> parse_endpoint(std::string_view text);

}  // namespace finger
