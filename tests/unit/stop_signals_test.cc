// The effects of a stop signal that a client can't see, whether a thread waits for the signal or a
// handler wakes the loop. tests/protocol checks the rest. Each test sends the signals to a child.
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include "common/server/duration.h"
#include "common/server/signal_thread.h"
#include "common/server/signal_wakeup.h"
#include "in_child.h"

namespace {

using common::Clock;
using common::SignalThread;
using common::SignalWakeup;
using testing::ExitedWithCode;
using tests::never_finish;
using tests::wait_for;
using tests::went_on;
using namespace std::chrono_literals;

constexpr const char* quietly = "^$";

// SIGCONT ends a sigtimedwait, too.
TEST(SignalThreadDeathTest, AContinuedProcessStillFinishes) {
  const auto act = [] {
    std::atomic<bool> stopped = false;
    {
      const auto signals = SignalThread::create(30s, [&] { stopped = true; });
      ::kill(::getpid(), SIGTERM);
      wait_for(stopped);
      for (int i = 0; i < 20; ++i) {
        ::kill(::getpid(), SIGCONT);
        std::this_thread::sleep_for(1ms);
      }
    }
    std::_Exit(went_on);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), quietly);
}

// If a different thread got the signal, its call would fail with EINTR, or the process would end.
TEST(SignalThreadDeathTest, LaterThreadsAreNotInterrupted) {
  const auto act = [] {
    const auto signals = SignalThread::create(30s, [] {});
    bool blocked = false;
    std::thread([&] {
      sigset_t mask;
      ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
      blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1;
    }).join();
    std::_Exit(blocked ? went_on : 1);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), "");
}

TEST(SignalThreadDeathTest, AfterAFailureTheOthersAreStoppedAndHaveTheSameTimeForIt) {
  static constexpr auto timeout = 100ms;
  const auto act = [] {
    std::atomic<bool> stopped = false;
    const auto signals = SignalThread::create(timeout, [&] { stopped = true; });
    SignalThread::stop_after_failure();
    wait_for(stopped);
    never_finish();
  };
  const auto begin = Clock::now();
  EXPECT_EXIT(act(), ExitedWithCode(1), quietly);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(SignalWakeupDeathTest, AfterAFailureTheOthersAreStoppedAndHaveTheSameTimeForIt) {
  static constexpr auto timeout = 100ms;
  const auto act = [] {
    std::atomic<bool> stopped = false;
    const auto signals = SignalWakeup::create(timeout, [&] { stopped = true; });
    SignalWakeup::stop_after_failure();
    if (!stopped) std::_Exit(99);
    never_finish();
  };
  const auto begin = Clock::now();
  EXPECT_EXIT(act(), ExitedWithCode(1), quietly);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(SignalWakeupDeathTest, ASignalAfterAFailureIsTheSecond) {
  const auto act = [] {
    const auto signals = SignalWakeup::create(1h, [] {});
    SignalWakeup::stop_after_failure();
    std::this_thread::sleep_for(150ms);
    ::kill(::getpid(), SIGTERM);
    never_finish();
  };
  EXPECT_EXIT(act(), ExitedWithCode(1), quietly);
}

TEST(SignalWakeupDeathTest, TheTimeoutIsOverWhenTheServerHasStopped) {
  const auto act = [] {
    std::atomic<bool> stopped = false;
    {
      const auto signals = SignalWakeup::create(50ms, [&] { stopped = true; });
      ::kill(::getpid(), SIGTERM);
      wait_for(stopped);
    }
    std::this_thread::sleep_for(100ms);
    std::_Exit(went_on);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), quietly);
}

// An impatient user mustn't see the status of a server that was killed.
TEST(SignalWakeupDeathTest, ASignalAfterTheStopChangesNothing) {
  const auto act = [] {
    {
      const auto signals = SignalWakeup::create(30s, [] {});
    }
    ::kill(::getpid(), SIGTERM);
    ::kill(::getpid(), SIGINT);
    std::_Exit(went_on);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), quietly);
}

// The interrupted code may be between a system call and reading errno.
TEST(SignalWakeupDeathTest, LeavesErrnoAsItWas) {
  const auto act = [] {
    std::atomic<bool> stopped = false;
    const auto signals = SignalWakeup::create(30s, [&] {
      (void)::close(-1);  // EBADF
      stopped = true;
    });
    errno = ENOTTY;
    ::raise(SIGTERM);
    const int after = errno;
    if (!stopped) std::_Exit(1);
    std::_Exit(after == ENOTTY ? went_on : 2);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), "");
}

// The timer's signal may reach a different thread than the one that handles the first signal.
TEST(SignalWakeupDeathTest, ATimeoutOfNothingIsNotOverBeforeTheStop) {
  const auto act = [] {
    const auto signals = SignalWakeup::create(0s, [] {
      ::usleep(100'000);
      (void)!::write(STDERR_FILENO, "stopped", 7);
    });
    const std::jthread other(never_finish);
    ::raise(SIGTERM);
    never_finish();
  };
  EXPECT_EXIT(act(), ExitedWithCode(0), "^stopped$");
}

TEST(SignalWakeupDeathTest, SignalsThatReachTwoThreadsAtOnceAreOneStop) {
  const auto act = [] {
    std::atomic<int> calls = 0;
    const auto signals = SignalWakeup::create(30s, [&] { ++calls; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([] { ::raise(SIGTERM); });
    for (auto& thread : threads) thread.join();
    std::_Exit(calls == 1 ? went_on : 1);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), quietly);
}

// A program inherits the signal mask of its parent.
TEST(SignalWakeupDeathTest, SignalsThatWereBlockedBeforeAreHandled) {
  const auto act = [] {
    sigset_t all;
    sigfillset(&all);
    if (::pthread_sigmask(SIG_BLOCK, &all, nullptr) != 0) std::_Exit(99);
    std::atomic<bool> stopped = false;
    const auto signals = SignalWakeup::create(1ms, [&] { stopped = true; });
    ::raise(SIGTERM);  // if the signal isn't blocked, this returns after the handler
    if (!stopped) std::_Exit(1);
    never_finish();  // the timer's signal ends this
  };
  EXPECT_EXIT(act(), ExitedWithCode(0), quietly);
}

}  // namespace
