#include "finger/service/counters.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <string>

namespace finger {
namespace {

using testing::Le;

constexpr std::size_t workers = 2;

/// The memory that all processes share, with this in it.
std::span<std::byte> memory_around(const void* inside) {
  const auto address = reinterpret_cast<std::uintptr_t>(inside);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    char* after = nullptr;
    const auto begin = std::strtoull(line.c_str(), &after, 16);
    const auto end = std::strtoull(after + 1, nullptr, 16);
    if (begin > address || address >= end) continue;
    return {reinterpret_cast<std::byte*>(begin), static_cast<std::size_t>(end - begin)};
  }
  return {};
}

class GenerationsWithGarbage : public testing::TestWithParam<int> {};

// The parent is root, and a worker may have written whatever it likes: only numbers may be wrong.
TEST_P(GenerationsWithGarbage, TheParentGoesOn) {
  auto generations = Generations::create(workers);
  ASSERT_TRUE(generations);
  const auto mine = (*generations)->begin();
  ASSERT_TRUE(mine);
  const auto memory = memory_around(&(*generations)->users());
  ASSERT_FALSE(memory.empty());
  std::memset(memory.data(), GetParam(), memory.size());

  (*generations)->end_all_but({});
  const auto next = (*generations)->begin();
  ASSERT_TRUE(next);
  for (WorkerCounters& each : (*generations)->of(*next)) {
    EXPECT_GE(reinterpret_cast<std::byte*>(&each), memory.data());
    EXPECT_LE(reinterpret_cast<std::byte*>(&each + 1), memory.data() + memory.size());
  }
  EXPECT_THAT((*generations)->all().size(), Le(1 + Generations::processes_max * workers));
  (*generations)->users().set(2);
  EXPECT_EQ((*generations)->users().value(), 2U);
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, GenerationsWithGarbage, testing::Values(0xff, 0x01, 0x80));

TEST(Generations, KeepsWhatAProcessHasCountedThatIsNotThereAnyMore) {
  auto generations = Generations::create(workers);
  ASSERT_TRUE(generations);
  const auto mine = (*generations)->begin();
  ASSERT_TRUE(mine);
  (*generations)->of(*mine)[1].accepted.add(3);

  const pid_t here = ::getpid();
  (*generations)->end_all_but({&here, 1});
  EXPECT_EQ((*generations)->all().size(), 1 + workers);

  (*generations)->end_all_but({});
  ASSERT_EQ((*generations)->all().size(), 1U);
  EXPECT_EQ((*generations)->all()[0]->accepted.value(), 3U);
  EXPECT_EQ((*generations)->all()[0]->open(), 0U);
}

}  // namespace
}  // namespace finger
