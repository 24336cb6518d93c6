// E8.2: deadlines at any distance. The reader adds common/loop/timer_wheel.h.

#include "common/loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace {

using common::Clock;
using common::DeadlineEntry;
using common::TimerWheel;
using common::Token;
using std::chrono::milliseconds;

constexpr auto late_max = milliseconds(100);
constexpr auto begin = Clock::time_point(std::chrono::hours(100));

Token token_of(std::size_t number) { return Token::from_value(number); }

/// A wheel, and what must be in it.
class Timers {
 public:
  explicit Timers(std::size_t count) : entries_(count) {}

  void set(std::size_t number, Clock::time_point deadline) {
    wheel_.set(entries_[number], deadline, token_of(number));
    deadlines_[number] = deadline;
  }
  void remove(std::size_t number) {
    entries_[number].unlink();
    deadlines_.erase(number);
  }

  /// Takes out what is overdue, and looks whether that is right.
  void advance(Clock::time_point now) {
    while (const auto token = wheel_.overdue(now)) {
      const auto found = deadlines_.find(token->value());
      ASSERT_NE(found, deadlines_.end()) << "overdue, and not in the wheel";
      ASSERT_LE(found->second, now) << "overdue before its deadline";
      remove(token->value());
    }
    for (const auto& [number, deadline] : deadlines_) {
      ASSERT_GT(deadline + late_max, now) << "still not overdue, 100 ms after its deadline";
    }
  }

  std::size_t size() const { return deadlines_.size(); }
  TimerWheel& wheel() { return wheel_; }

 private:
  TimerWheel wheel_;
  std::vector<DeadlineEntry> entries_;  // after the wheel, which they leave when they end
  std::map<std::size_t, Clock::time_point> deadlines_;
};

TEST(TimerWheel, HasNothingAtFirst) {
  TimerWheel wheel;
  EXPECT_EQ(wheel.soonest(), std::nullopt);
  EXPECT_EQ(wheel.overdue(begin), std::nullopt);
}

TEST(TimerWheel, TakesAnyOrder) {
  Timers timers(3);
  timers.set(0, begin + milliseconds(60'000));
  timers.set(1, begin + milliseconds(400));
  timers.set(2, begin + milliseconds(2000));
  for (int ms = 0; ms <= 61'000; ms += 7) timers.advance(begin + milliseconds(ms));
  EXPECT_EQ(timers.size(), 0);
}

TEST(TimerWheel, IsRightWhateverComes) {
  std::mt19937 random(5882);
  const auto up_to = [&random](int most) {
    return std::uniform_int_distribution<int>(0, most)(random);
  };
  Timers timers(300);
  auto now = begin;
  for (int turn = 0; turn < 20'000; ++turn) {
    const auto number = static_cast<std::size_t>(up_to(299));
    constexpr int distances_max[] = {50, 3000, 70'000, 500'000};
    if (up_to(9) == 0) {
      timers.remove(number);
    } else {
      timers.set(number, now + milliseconds(up_to(distances_max[up_to(3)])));
    }
    now += milliseconds(up_to(999) == 0 ? 200'000 : up_to(30));
    timers.advance(now);
    if (HasFatalFailure()) return;
  }
}

TEST(TimerWheel, SaysWhenToLookAgain) {
  Timers timers(1);
  timers.advance(begin);
  timers.set(0, begin + std::chrono::minutes(10));
  int waits = 0;
  for (auto now = begin; timers.size() > 0; ++waits) {
    const auto soonest = timers.wheel().soonest();
    ASSERT_TRUE(soonest.has_value());
    ASSERT_GT(*soonest, now) << "a loop that waits until then does not wait";
    ASSERT_LT(*soonest, begin + std::chrono::minutes(10) + late_max) << "that is too late";
    now = *soonest;
    timers.advance(now);
    ASSERT_LT(waits, 1000) << "a server with one idle client wakes up a thousand times for it";
  }
  EXPECT_EQ(timers.wheel().soonest(), std::nullopt);
}

TEST(TimerWheel, CostsTheSameForManyAsForFew) {
  // No clock is looked at: what goes through a list for each of them does not end in time.
  constexpr std::size_t many = 300'000;
  Timers timers(many);
  for (std::size_t i = 0; i < many; ++i) timers.set(i, begin + milliseconds(many - i));
  for (std::size_t i = 0; i < many; ++i) timers.set(i, begin + milliseconds(2 * many - i));
  for (std::size_t i = 0; i < many; i += 2) timers.remove(i);
  timers.advance(begin + milliseconds(2 * many));
  EXPECT_EQ(timers.size(), 0);
}

}  // namespace
