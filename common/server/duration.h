#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace common {

/// All deadlines are on this clock, which never jumps: CLOCK_MONOTONIC.
using Clock = std::chrono::steady_clock;

/// `250ms`, `10s`, `2m`, or `0`. nullopt: anything else, or more than a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Writes a duration so that the parser takes it, in seconds where they divide it.
std::string to_string(std::chrono::milliseconds duration);

/// What poll(2) and epoll_wait(2) take to wait until `deadline`: milliseconds, rounded up, since
/// rounded down a loop would spin through the last one; -1, for ever, without a deadline.
int timeout_ms(std::optional<Clock::time_point> deadline);

}  // namespace common
