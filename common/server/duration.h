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

/// The timeout for poll(2) or epoll_wait(2) to wait until `deadline`, in milliseconds; -1, forever,
/// without a deadline. Rounded up, because otherwise a loop would spin through the last one.
int timeout_ms(std::optional<Clock::time_point> deadline);

}  // namespace common
