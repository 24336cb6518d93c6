#pragma once

#include <liburing.h>

#include <algorithm>
#include <chrono>

namespace uring {

/// Converts a time for the kernel, to the nanosecond, so no timeout is rounded. A negative time
/// becomes 0, because the kernel would refuse that (EINVAL).
inline __kernel_timespec timespec_of(std::chrono::nanoseconds time) {
  const auto not_negative = std::max(time, std::chrono::nanoseconds::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(not_negative);
  return {.tv_sec = seconds.count(), .tv_nsec = (not_negative - seconds).count()};
}

}  // namespace uring
