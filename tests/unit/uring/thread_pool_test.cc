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
class Counted {
 public:
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  ~Counted() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  int* alive_;  // no atomic: the loop's thread makes and ends them
};

TEST_F(UringThreadPool, ACallThatIsGivenUpKeepsItsMemoryUntilItEnds) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    std::binary_semaphore go_on(0);
    int alive = 0;
    const auto late = co_await threads
                          ->offload(
                              [&go_on](const Counted&) {
                                go_on.acquire();
                                return 7;
                              },
                              Counted(alive))
                          .within(5ms);
    EXPECT_THAT(late, FailedWith(Error::timed_out));
    EXPECT_EQ(alive, 1);
    go_on.release();
    while (alive > 0) (void)co_await loop.sleep(1ms);
    const auto next = co_await threads->offload([] { return 8; });
    EXPECT_EQ(next, uring::Result<int>(8));
  });
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
    scope.spawn([](ThreadPool& in, bool& has_begun, Canceller& stop) -> Task<> {
      const auto done = co_await in.offload([&has_begun] { has_begun = true; }).cancelled_by(stop);
      EXPECT_THAT(done, FailedWith(Error::cancelled));
    }(*threads, begun, canceller));
    canceller.cancel();
    go_on.release();
    co_await scope.join();
    EXPECT_THAT(co_await threads->offload([] { return 1; }), Succeeded());
    EXPECT_FALSE(begun);
  });
}

TEST_F(UringThreadPool, ACoroutineMayBeDestroyedWhileItsCallRuns) {
  run([this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 2);
    std::counting_semaphore<2> go_on(0);
    int alive = 0;
    {
      Scope scope(loop);
      for (int i = 0; i < 2; ++i) {
        scope.spawn([](ThreadPool& in, std::counting_semaphore<2>& release, int& count) -> Task<> {
          const auto block = [&release](const Counted&) { release.acquire(); };
          (void)co_await in.offload(block, Counted(count));
          ADD_FAILURE() << "it was destroyed";
        }(*threads, go_on, alive));
      }
    }
    EXPECT_EQ(alive, 2);
    go_on.release(2);
    while (alive > 0) (void)co_await loop.sleep(1ms);
  });
}

TEST_F(UringThreadPool, ThePoolWaitsForTheCallsThatAreAtWork) {
  std::atomic<bool> ended = false;
  int alive = 0;
  run([&, this]() -> Task<> {
    const auto threads = *ThreadPool::create(loop, 1);
    std::binary_semaphore begun(0);
    const auto late = co_await threads
                          ->offload(
                              [&ended, &begun](const Counted&) {
                                begun.release();
                                std::this_thread::sleep_for(20ms);
                                ended = true;
                              },
                              Counted(alive))
                          .within(1ms);
    EXPECT_THAT(late, FailedWith(Error::timed_out));
    begun.acquire();
  });
  EXPECT_TRUE(ended);
  EXPECT_EQ(alive, 0);
}

}  // namespace
