#pragma once

#include <liburing.h>

#include <algorithm>
#include <chrono>

namespace uring {

/// CLOCK_MONOTONIC: it never jumps.
using Clock = std::chrono::steady_clock;

/// How long something may take, as the kernel takes it: a length of time that begins when it does,
/// or up to a point in time. What is negative has passed.
struct TimeLimit {
  static TimeLimit within(std::chrono::nanoseconds timeout) { return from(timeout, 0); }
  static TimeLimit until(Clock::time_point due) {
    return from(due.time_since_epoch(), IORING_TIMEOUT_ABS);
  }

  /// When it passes, if what it limits begins now.
  Clock::time_point due() const {
    if (flags != 0) return Clock::time_point(nanoseconds());
    const auto now = Clock::now();
    return nanoseconds() < Clock::time_point::max() - now ? now + nanoseconds()
                                                          : Clock::time_point::max();
  }

  /// Both hold: what remains is the one that passes first.
  void shorten(TimeLimit other) {
    if (flags != other.flags) {
      *this = until(due());
      other = until(other.due());
    }
    if (other.nanoseconds() < nanoseconds()) *this = other;
  }

  __kernel_timespec time;
  unsigned flags;  ///< Of io_uring_prep_link_timeout(3).

 private:
  static TimeLimit from(std::chrono::nanoseconds count, unsigned flags) {
    count = std::max(count, std::chrono::nanoseconds::zero());  // the kernel: EINVAL
    const auto seconds = std::chrono::floor<std::chrono::seconds>(count);
    return {.time = {.tv_sec = seconds.count(), .tv_nsec = (count - seconds).count()},
            .flags = flags};
  }
  std::chrono::nanoseconds nanoseconds() const {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
};

}  // namespace uring
