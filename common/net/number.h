#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace common {

/// Parses decimal digits, no sign and no blanks. nullopt unless from `smallest` to `largest`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t smallest,
                                          std::uint64_t largest);

}  // namespace common
