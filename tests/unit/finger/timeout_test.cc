#include "finger/timeout.h"

#include <gtest/gtest.h>

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// If the timeout were rounded down, a loop would spin through the last millisecond.
TEST(TimeoutMs, IsRoundedUpSoThatNoLoopWakesTooEarly) {
  for (const auto left : {1us, 999us, 1000us, 50'000us, 50'001us}) {
    const auto deadline = common::Clock::now() + left;
    const auto timeout = finger::timeout_ms(deadline);
    EXPECT_GE(common::Clock::now() + milliseconds(timeout), deadline);
    EXPECT_LE(milliseconds(timeout), std::chrono::ceil<milliseconds>(left));
  }
}

TEST(TimeoutMs, IsNothingWhenTheDeadlineIsPast) {
  EXPECT_EQ(finger::timeout_ms(common::Clock::now() - 1h), 0);
  EXPECT_EQ(finger::timeout_ms(common::Clock::time_point{}), 0);
}

TEST(TimeoutMs, IsForEverWithoutADeadline) { EXPECT_EQ(finger::timeout_ms(std::nullopt), -1); }

TEST(TimeoutMs, FitsHoweverFarTheDeadlineIs) {
  EXPECT_GT(finger::timeout_ms(common::Clock::now() + std::chrono::days(366)), 0);
  EXPECT_GT(finger::timeout_ms(common::Clock::now() + std::chrono::days(36'600)), 0);
}

}  // namespace
