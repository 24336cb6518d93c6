#include "common/places.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "common/fd.h"

namespace {

using common::Fd;
using common::Places;

Fd make_wake_fd() { return Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

/// How often it was woken since it was asked last.
std::uint64_t wake_ups(const Fd& wake_fd) {
  std::uint64_t count = 0;
  return ::read(wake_fd.get(), &count, sizeof count) == sizeof count ? count : 0;
}

TEST(Places, GivesAwayAsManyAsThereAreAndNoMore) {
  const Fd wake_fd = make_wake_fd();
  Places places(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(places.take_or_wait(wake_fd.get()));
  EXPECT_FALSE(places.take_or_wait(wake_fd.get()));
  EXPECT_FALSE(places.take_or_wait(wake_fd.get()));
}

TEST(Places, CanBeTakenAgainWhenGivenBack) {
  const Fd wake_fd = make_wake_fd();
  Places places(1);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(places.take_or_wait(wake_fd.get())) << "after " << i << " connections in all";
    ASSERT_FALSE(places.take_or_wait(wake_fd.get()));
    places.give_back();
  }
}

TEST(Places, WakesNobodyWhoDoesNotWait) {
  const Fd wake_fd = make_wake_fd();
  Places places(2);
  ASSERT_TRUE(places.take_or_wait(wake_fd.get()));
  places.give_back();
  EXPECT_EQ(wake_ups(wake_fd), 0U);
}

TEST(Places, WakesWhoeverFoundNoneOnceAPlaceIsGivenBack) {
  const Fd wake_fd = make_wake_fd();
  Places places(1);
  ASSERT_TRUE(places.take_or_wait(wake_fd.get()));
  ASSERT_FALSE(places.take_or_wait(wake_fd.get()));
  EXPECT_EQ(wake_ups(wake_fd), 0U);
  places.give_back();
  EXPECT_EQ(wake_ups(wake_fd), 1U);
  places.give_back();
  EXPECT_EQ(wake_ups(wake_fd), 0U) << "it has been woken, and waits no more";
}

TEST(Places, WakesOnceHoweverOftenItWasAsked) {
  const Fd wake_fd = make_wake_fd();
  Places places(0);
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(places.take_or_wait(wake_fd.get()));
  places.give_back();
  EXPECT_EQ(wake_ups(wake_fd), 1U);
}

// The newcomer may stand in any listener's backlog.
TEST(Places, WakesAllWhoWait) {
  std::vector<Fd> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(make_wake_fd());
  Places places(0);
  for (const Fd& worker : workers) ASSERT_FALSE(places.take_or_wait(worker.get()));
  places.give_back();
  for (const Fd& worker : workers) EXPECT_EQ(wake_ups(worker), 1U);
}

TEST(Places, WakesNobodyWhoWasForgotten) {
  const Fd leaving = make_wake_fd();
  const Fd staying = make_wake_fd();
  Places places(0);
  ASSERT_FALSE(places.take_or_wait(leaving.get()));
  ASSERT_FALSE(places.take_or_wait(staying.get()));
  places.forget(leaving.get());
  places.give_back();
  EXPECT_EQ(wake_ups(leaving), 0U);
  EXPECT_EQ(wake_ups(staying), 1U);
}

// Each thread takes, and gives back what it took; who finds none sleeps until it is woken. A lost
// wake-up would leave a thread asleep for ever, a miscount would let too many in.
TEST(Places, HoldTheLimitAndLoseNoWakeUpAmongThreads) {
  constexpr std::size_t limit = 3;
  constexpr int rounds = 2000;
  Places places(limit);
  std::atomic<std::size_t> inside = 0;
  std::atomic<bool> too_many = false;
  std::atomic<bool> slept_too_long = false;
  const auto work = [&] {
    const Fd wake_fd = make_wake_fd();
    for (int i = 0; i < rounds; ++i) {
      while (!places.take_or_wait(wake_fd.get())) {
        pollfd waiting{.fd = wake_fd.get(), .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, 30'000) != 1) slept_too_long = true;
        if (slept_too_long) return;
        (void)wake_ups(wake_fd);
      }
      if (++inside > limit) too_many = true;
      std::this_thread::yield();
      --inside;
      places.give_back();
    }
    places.forget(wake_fd.get());
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(work);
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_FALSE(slept_too_long);
}

TEST(Wake, AddsOneEachTime) {
  const Fd wake_fd = make_wake_fd();
  common::wake(wake_fd.get());
  common::wake(wake_fd.get());
  EXPECT_EQ(wake_ups(wake_fd), 2U);
}

TEST(Wake, DoesNotBlockWhenTooManyArePending) {
  const Fd wake_fd = make_wake_fd();
  const std::uint64_t all_but_none = UINT64_MAX - 1;
  ASSERT_EQ(::write(wake_fd.get(), &all_but_none, sizeof all_but_none),
            ssize_t{sizeof all_but_none});
  common::wake(wake_fd.get());
  EXPECT_EQ(wake_ups(wake_fd), all_but_none);
}

}  // namespace
