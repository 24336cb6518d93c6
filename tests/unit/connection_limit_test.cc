#include "common/loop/connection_limit.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "common/fd.h"

namespace {

using common::ConnectionLimit;
using common::Fd;
using common::Permit;

Fd make_wake_fd() { return Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

/// Returns how many wake-ups came since the last call.
std::uint64_t wake_ups(const Fd& wake_fd) {
  std::uint64_t count = 0;
  return ::read(wake_fd.get(), &count, sizeof count) == sizeof count ? count : 0;
}

TEST(ConnectionLimit, IsAcquiredAsOftenAsItSaysAndNoMore) {
  const Fd wake_fd = make_wake_fd();
  ConnectionLimit limit(3);
  std::vector<Permit> permits;
  for (int i = 0; i < 3; ++i) permits.push_back(limit.try_acquire(wake_fd.get()).value());
  EXPECT_FALSE(limit.try_acquire(wake_fd.get()));
  EXPECT_FALSE(limit.try_acquire(wake_fd.get()));
}

TEST(ConnectionLimit, APermitIsGivenBackOnceHoweverOftenItIsMoved) {
  const Fd wake_fd = make_wake_fd();
  ConnectionLimit limit(1);
  {
    Permit first = limit.try_acquire(wake_fd.get()).value();
    Permit second = std::move(first);
    first = Permit();
    EXPECT_FALSE(limit.try_acquire(wake_fd.get()));
    second = Permit();
    EXPECT_TRUE(limit.try_acquire(wake_fd.get()));
  }
  const auto only = limit.try_acquire(wake_fd.get());
  EXPECT_TRUE(only);
  EXPECT_FALSE(limit.try_acquire(wake_fd.get()));
}

TEST(ConnectionLimit, WakesNoLoopThatDoesNotWait) {
  const Fd wake_fd = make_wake_fd();
  ConnectionLimit limit(2);
  ASSERT_TRUE(limit.try_acquire(wake_fd.get()));  // the permit is given back immediately
  EXPECT_EQ(wake_ups(wake_fd), 0U);
}

TEST(ConnectionLimit, WakesALoopThatWaitsOnceHoweverOftenItTried) {
  const Fd wake_fd = make_wake_fd();
  ConnectionLimit limit(2);
  auto one = limit.try_acquire(wake_fd.get());
  auto another = limit.try_acquire(wake_fd.get());
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(limit.try_acquire(wake_fd.get()));
  EXPECT_EQ(wake_ups(wake_fd), 0U);
  one.reset();
  EXPECT_EQ(wake_ups(wake_fd), 1U);
  another.reset();
  EXPECT_EQ(wake_ups(wake_fd), 0U) << "it has been woken, and waits no more";
}

// A loop needs this when it has a permit, but lacks something else, such as a descriptor.
TEST(ConnectionLimit, WakesALoopThatHasAskedForIt) {
  const Fd wake_fd = make_wake_fd();
  ConnectionLimit limit(2);
  auto permit = limit.try_acquire(wake_fd.get());
  limit.add_waiter(wake_fd.get());
  EXPECT_EQ(wake_ups(wake_fd), 0U);
  permit.reset();
  EXPECT_EQ(wake_ups(wake_fd), 1U);
}

// The next connection may be in any listener's backlog.
TEST(ConnectionLimit, WakesAllLoopsThatWait) {
  std::vector<Fd> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(make_wake_fd());
  ConnectionLimit limit(1);
  auto only = limit.try_acquire(workers.front().get());
  for (const Fd& worker : workers) ASSERT_FALSE(limit.try_acquire(worker.get()));
  only.reset();
  for (const Fd& worker : workers) EXPECT_EQ(wake_ups(worker), 1U);
}

TEST(ConnectionLimit, WakesNoLoopThatWasRemoved) {
  const Fd leaving = make_wake_fd();
  const Fd staying = make_wake_fd();
  ConnectionLimit limit(1);
  auto only = limit.try_acquire(leaving.get());
  ASSERT_FALSE(limit.try_acquire(leaving.get()));
  ASSERT_FALSE(limit.try_acquire(staying.get()));
  limit.remove_waiter(leaving.get());
  only.reset();
  EXPECT_EQ(wake_ups(leaving), 0U);
  EXPECT_EQ(wake_ups(staying), 1U);
}

// Each thread acquires and releases, and sleeps until it's woken if there is no permit. A lost
// wake-up would leave a thread asleep forever, and a miscount would let too many in.
TEST(ConnectionLimit, HoldsTheLimitAndLosesNoWakeUpAmongThreads) {
  constexpr std::size_t connections_max = 3;
  constexpr int rounds = 2000;
  ConnectionLimit limit(connections_max);
  std::atomic<std::size_t> inside = 0;
  std::atomic<bool> too_many = false;
  std::atomic<bool> slept_too_long = false;
  const auto work = [&] {
    const Fd wake_fd = make_wake_fd();
    for (int i = 0; i < rounds; ++i) {
      auto permit = limit.try_acquire(wake_fd.get());
      while (!permit) {
        pollfd waiting{.fd = wake_fd.get(), .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, 30'000) != 1) slept_too_long = true;
        if (slept_too_long) return;
        (void)wake_ups(wake_fd);
        permit = limit.try_acquire(wake_fd.get());
      }
      if (++inside > connections_max) too_many = true;
      std::this_thread::yield();
      --inside;
    }
    limit.remove_waiter(wake_fd.get());
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(work);
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_FALSE(slept_too_long);
}

TEST(Wake, DoesNotBlockWhenTooManyArePending) {
  const Fd wake_fd = make_wake_fd();
  const std::uint64_t all_but_none = UINT64_MAX - 1;
  ASSERT_EQ(::write(wake_fd.get(), &all_but_none, sizeof all_but_none),
            ssize_t{sizeof all_but_none});
  ::eventfd_write(wake_fd.get(), 1);
  EXPECT_EQ(wake_ups(wake_fd), all_but_none);
}

}  // namespace
