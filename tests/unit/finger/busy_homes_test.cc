#include "finger/server/busy_homes.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace finger {
namespace {

const auto now = common::Clock::now();

/// The memory that all workers share, and that one of them can write to as it likes.
std::span<std::byte> shared_memory() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" rw-s ") == line.npos || line.find("/dev/zero") == line.npos) continue;
    char* after = nullptr;
    const auto begin = std::strtoull(line.c_str(), &after, 16);
    const auto end = std::strtoull(after + 1, nullptr, 16);
    return {reinterpret_cast<std::byte*>(begin), end - begin};
  }
  return {};
}

class BusyHomesWithGarbage
    : public ::testing::TestWithParam<std::function<void(std::span<std::byte>)>> {};

TEST_P(BusyHomesWithGarbage, HomesAreServedAllTheSame) {
  auto busy = BusyHomes::create();
  ASSERT_TRUE(busy);
  const auto memory = shared_memory();
  ASSERT_FALSE(memory.empty());
  GetParam()(memory);
  EXPECT_TRUE(busy->try_mark("alice", ::getpid(), now));
  EXPECT_LE(busy->silent(now).longest.size(), 64U);
  busy->free_all_but({});
  EXPECT_TRUE(busy->empty());
  (void)busy->empty();
}

void fill(std::span<std::byte> memory, int byte) {
  std::memset(memory.data(), byte, memory.size());
}

void fill_at_random(std::span<std::byte> memory) {
  std::mt19937 random(1);
  for (std::byte& each : memory) each = std::byte(random());
}

/// The first word says how many entries were ever used.
void count_too_many(std::span<std::byte> memory) {
  const std::size_t many = std::size_t{1} << (sizeof(std::size_t) == 8 ? 40 : 30);
  std::memcpy(memory.data(), &many, sizeof many);
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, BusyHomesWithGarbage,
                         ::testing::Values([](auto memory) { fill(memory, 0xff); },
                                           [](auto memory) { fill(memory, 0x01); },
                                           [](auto memory) { fill(memory, 0x80); }, fill_at_random,
                                           count_too_many));

TEST(BusyHomes, WhatAProcessThatWasKilledHadIsFree) {
  auto busy = BusyHomes::create();
  ASSERT_TRUE(busy);
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<BusyHomes::Mark> marks;
    for (std::size_t i = 0; i < BusyHomes::homes_max; ++i) {
      auto mark = busy->try_mark(std::to_string(i), ::getpid(), now);
      if (mark) marks.push_back(std::move(*mark));
    }
    ::_exit(marks.size() == BusyHomes::homes_max ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto mark = busy->try_mark("alice", ::getpid(), now);
  ASSERT_TRUE(mark);
  EXPECT_FALSE(busy->try_mark("alice", ::getppid(), now)) << "nothing says that she is busy";
}

TEST(BusyHomes, WhatIsMarkedForOtherProcessesCanBeFreed) {
  auto busy = BusyHomes::create();
  ASSERT_TRUE(busy);
  const pid_t worker = ::getpid();
  const pid_t no_worker = ::getppid();  // it lives, so nothing else would free what it has
  const auto alice = busy->try_mark("alice", worker, now);
  const auto bob = busy->try_mark("bob", no_worker, now);
  ASSERT_TRUE(alice);
  ASSERT_TRUE(bob);
  EXPECT_FALSE(busy->try_mark("bob", worker, now));
  busy->free_all_but(std::array{worker});
  EXPECT_TRUE(busy->try_mark("bob", worker, now));
  EXPECT_FALSE(busy->try_mark("alice", no_worker, now)) << "a worker is at work there";
}

}  // namespace
}  // namespace finger
