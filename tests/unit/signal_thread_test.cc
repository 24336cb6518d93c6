#include "common/server/signal_thread.h"

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "in_child.h"

namespace {

using common::SignalThread;
using testing::ExitedWithCode;
using tests::wait_for;
using tests::went_on;
using namespace std::chrono_literals;

// Each in a child, which the signals are sent to.
TEST(SignalThreadDeathTest, StopIsCalledOnceAndOnAnotherThread) {
  const auto act = [] {
    std::atomic<int> calls = 0;
    std::atomic<bool> stopped = false;
    const auto ours = std::this_thread::get_id();
    {
      const auto signals = SignalThread::create(30s, [&] {
        if (std::this_thread::get_id() == ours) std::_Exit(1);
        ++calls;
        stopped = true;
      });
      ::kill(::getpid(), SIGTERM);
      wait_for(stopped);
    }
    std::_Exit(calls == 1 ? went_on : 1);
  };
  EXPECT_EXIT(act(), ExitedWithCode(went_on), "");
}

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
  EXPECT_EXIT(act(), ExitedWithCode(went_on), "^$");
}

// A signal that came to another thread would end its call with EINTR, or the process.
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

}  // namespace
