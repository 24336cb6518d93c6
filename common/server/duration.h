#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace common {

/// All deadlines are on this clock, which never jumps: CLOCK_MONOTONIC.
using Clock = std::chrono::steady_clock;

/// Parses `250ms`, `10s`, `2m` or `0`. nullopt for anything else, and for more than a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Writes a duration for parse_duration(), in whole seconds if possible.
std::string to_string(std::chrono::milliseconds duration);

}  // namespace common
