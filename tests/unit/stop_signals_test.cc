// What holds for a signal that asks a server to stop, whether a thread waits for it or a handler
// wakes the loop. Each in a child, which the signals are sent to.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "common/server/duration.h"
#include "common/server/signal_thread.h"
#include "common/server/signal_wakeup.h"
#include "in_child.h"

namespace {

using common::Clock;
using testing::ExitedWithCode;
using tests::never_finish;
using tests::wait_for;
using tests::went_on;
using namespace std::chrono_literals;

template <typename Signals>
class StopSignalsDeathTest : public testing::Test {};

using EitherWay = testing::Types<common::SignalThread, common::SignalWakeup>;
TYPED_TEST_SUITE(StopSignalsDeathTest, EitherWay);

TYPED_TEST(StopSignalsDeathTest, TheFirstCallsStopOnceAndLetsTheProcessFinish) {
  for (const int number : {SIGINT, SIGTERM}) {
    const auto act = [number] {
      std::atomic<int> calls = 0;
      std::atomic<bool> stopped = false;
      {
        const auto signals = TypeParam::create(30s, [&] {
          ++calls;
          stopped = true;
        });
        ::kill(::getpid(), number);
        wait_for(stopped);
      }
      std::_Exit(calls == 1 ? went_on : 1);
    };
    EXPECT_EXIT(act(), ExitedWithCode(went_on), "^$");
  }
}

TYPED_TEST(StopSignalsDeathTest, TheSecondEndsTheProcessImmediatelyWithZero) {
  for (const int second : {SIGINT, SIGTERM}) {
    const auto act = [second] {
      std::atomic<bool> stopped = false;
      const auto signals = TypeParam::create(30s, [&] { stopped = true; });
      ::kill(::getpid(), SIGTERM);
      wait_for(stopped);
      ::kill(::getpid(), second);
      never_finish();
    };
    EXPECT_EXIT(act(), ExitedWithCode(0), "^$");
  }
}

TYPED_TEST(StopSignalsDeathTest, TheTimeoutEndsTheProcessWithZeroAndNotBefore) {
  static constexpr auto timeout = 100ms;
  const auto act = [] {
    const auto signals = TypeParam::create(timeout, [] {});
    ::kill(::getpid(), SIGTERM);
    never_finish();
  };
  const auto begin = Clock::now();
  EXPECT_EXIT(act(), ExitedWithCode(0), "^$");
  EXPECT_GE(Clock::now() - begin, timeout);
}

TYPED_TEST(StopSignalsDeathTest, TheyNeedNotCome) {
  const auto act = [] {
    {
      const auto signals = TypeParam::create(30s, [] { std::_Exit(1); });
    }
    std::_Exit(went_on);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), "^$");
}

}  // namespace
