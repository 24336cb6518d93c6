#pragma once

#include <liburing.h>

#include <algorithm>
#include <chrono>

namespace uring {

/// A time as the kernel takes it, to the nanosecond: no timeout is rounded. What is left of a time
/// that is over is nothing: the kernel refuses what is negative (EINVAL).
inline __kernel_timespec timespec_of(std::chrono::nanoseconds time) {
  const auto not_negative = std::max(time, std::chrono::nanoseconds::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(not_negative);
  return {.tv_sec = seconds.count(), .tv_nsec = (not_negative - seconds).count()};
}

}  // namespace uring
