#include "uring/extra/thread_pool.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "fixture.h"
#include "uring/condition.h"

namespace {

using namespace std::chrono_literals;
using tests::FailedWith;
using tests::Succeeded;
using tests::Uring;
using uring::Canceller;
using uring::Error;
using uring::Scope;
using uring::Task;
using uring::ThreadPool;

class UringThreadPool : public Uring {};

TEST_F(UringThreadPool, ACallRunsInAnotherThreadWhileTheLoopGoesOn) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 2);
    std::binary_semaphore go_on(0);
    Scope scope(loop);
    scope.spawn([](uring::Loop& in, std::binary_semaphore& release) -> Task<> {
      (void)co_await in.sleep(1ms);
      release.release();
    }(loop, go_on));
    const auto id = co_await threads->offload([&go_on] {
      go_on.acquire();
      return std::this_thread::get_id();
    });
    EXPECT_THAT(id, Succeeded());
    EXPECT_NE(*id, std::this_thread::get_id());
    co_await scope.join();
  });
}

TEST_F(UringThreadPool, WhatACallReturnsMayBeMovedOnlyOrNothing) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    const auto made = co_await threads->offload([](std::unique_ptr<int> box) { return box; },
                                                std::make_unique<int>(6));
    EXPECT_THAT(made, Succeeded());
    EXPECT_EQ(**made, 6);
    bool done = false;
    const auto nothing = co_await threads->offload([&done] { done = true; });
    EXPECT_THAT(nothing, Succeeded());
    EXPECT_TRUE(done);
  });
}

Task<> count_in(ThreadPool& threads, std::atomic<int>& now, std::atomic<int>& most) {
  const auto done = co_await threads.offload([&now, &most] {
    const int count = ++now;
    int before = most;
    while (before < count && !most.compare_exchange_weak(before, count)) continue;
    std::this_thread::sleep_for(1ms);
    --now;
  });
  EXPECT_THAT(done, Succeeded());
}

TEST_F(UringThreadPool, NoMoreThreadsThanItMayHave) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 3);
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    Scope scope(loop);
    for (int i = 0; i < 30; ++i) scope.spawn(count_in(*threads, now, most));
    co_await scope.join();
    EXPECT_EQ(most, 3);
  });
}

/// Counts those that have not ended.
class CountedArgument {
 public:
  explicit CountedArgument(int& alive) : alive_(&alive) { ++*alive_; }
  CountedArgument(CountedArgument&& other) noexcept
      : alive_(std::exchange(other.alive_, nullptr)) {}
  ~CountedArgument() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  int* alive_;  // no atomic: the loop's thread makes and ends them
};

/// What a call in a thread and the loop tell each other.
struct Signs {
  std::counting_semaphore<2> begun{0};
  std::counting_semaphore<2> go_on{0};
  int alive = 0;
};

int wait_for_sign(Signs* signs, const CountedArgument&) {
  signs->begun.release();
  signs->go_on.acquire();
  return 7;
}

Task<> give_up(ThreadPool& threads, Signs& signs, Canceller& canceller) {
  const auto done = co_await threads.offload(wait_for_sign, &signs, CountedArgument(signs.alive))
                        .cancelled_by(canceller);
  EXPECT_THAT(done, FailedWith(Error::cancelled));
}

TEST_F(UringThreadPool, ACallThatIsGivenUpKeepsItsMemoryUntilItEnds) {
  Signs signs;
  run([&, this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    Canceller canceller;
    Scope scope(loop);
    scope.spawn(give_up(*threads, signs, canceller));
    signs.begun.acquire();
    canceller.cancel();
    co_await scope.join();
    EXPECT_EQ(signs.alive, 1);
    signs.go_on.release();
    while (signs.alive > 0) (void)co_await loop.sleep(1ms);
    const auto next = co_await threads->offload([] { return 8; });
    EXPECT_EQ(next, uring::Result<int>(8));
  });
}

TEST_F(UringThreadPool, ACallMayHaveATimeLimit) {
  Signs signs;
  run([&, this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    const auto late =
        co_await threads->offload(wait_for_sign, &signs, CountedArgument(signs.alive)).within(5ms);
    EXPECT_THAT(late, FailedWith(Error::timed_out));
    signs.go_on.release();
  });
  EXPECT_EQ(signs.alive, 0);
}

TEST_F(UringThreadPool, ACallThatIsGivenUpBeforeItHasAThreadIsNotBegun) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    std::binary_semaphore go_on(0);
    bool begun = false;
    Canceller canceller;
    Scope scope(loop);
    scope.spawn([](ThreadPool& in, std::binary_semaphore& release) -> Task<> {
      const auto done = co_await in.offload([&release] { release.acquire(); });
      EXPECT_THAT(done, Succeeded());
    }(*threads, go_on));
    Scope given_up(loop);
    given_up.spawn([](ThreadPool& in, bool& has_begun, Canceller& stop) -> Task<> {
      const auto done = co_await in.offload([&has_begun] { has_begun = true; }).cancelled_by(stop);
      EXPECT_THAT(done, FailedWith(Error::cancelled));
    }(*threads, begun, canceller));
    canceller.cancel();
    co_await given_up.join();
    go_on.release();
    co_await scope.join();
    EXPECT_THAT(co_await threads->offload([] { return 1; }), Succeeded());
    EXPECT_FALSE(begun);
  });
}

TEST_F(UringThreadPool, ACoroutineMayBeDestroyedWhileItsCallRuns) {
  Signs signs;
  run([&, this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 2);
    Canceller unused;
    {
      Scope scope(loop);
      for (int i = 0; i < 2; ++i) scope.spawn(give_up(*threads, signs, unused));
      for (int i = 0; i < 2; ++i) signs.begun.acquire();
    }
    EXPECT_EQ(signs.alive, 2);
    signs.go_on.release(2);
    while (signs.alive > 0) (void)co_await loop.sleep(1ms);
  });
}

TEST_F(UringThreadPool, ThePoolWaitsForTheCallsThatAreAtWork) {
  Signs signs;
  std::jthread helper;
  run([&, this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    Canceller canceller;
    Scope scope(loop);
    scope.spawn(give_up(*threads, signs, canceller));
    signs.begun.acquire();
    canceller.cancel();
    co_await scope.join();
    helper = std::jthread([&signs] {
      std::this_thread::sleep_for(20ms);
      signs.go_on.release();
    });
  });
  EXPECT_EQ(signs.alive, 0);
}

}  // namespace
