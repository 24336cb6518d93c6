#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace common {

/// Decimal digits only, from `smallest` to `largest`: no sign, no blank, no other base.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t smallest,
                                          std::uint64_t largest);

}  // namespace common
