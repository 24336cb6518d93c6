#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace common {

/// Parses a decimal number from `smallest` to `largest`, without sign or blanks; else nullopt.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t smallest,
                                          std::uint64_t largest);

}  // namespace common
