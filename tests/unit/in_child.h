#pragma once

#include <atomic>
#include <cstdlib>
#include <thread>

#include "common/server/duration.h"

namespace tests {

// Exit statuses of a child, in which a death test runs its statement.
inline constexpr int went_on = 7;  ///< Only the test's own code exits with this one.
inline constexpr int waited_in_vain = 9;

inline void wait_for(const std::atomic<bool>& flag) {
  const auto deadline = common::Clock::now() + std::chrono::seconds(30);
  while (!flag) {
    if (common::Clock::now() > deadline) std::_Exit(waited_in_vain);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Runs on until something else ends the process.
[[noreturn]] inline void never_finish() {
  const auto deadline = common::Clock::now() + std::chrono::seconds(30);
  while (common::Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  std::_Exit(waited_in_vain);
}

}  // namespace tests
