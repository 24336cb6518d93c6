#include "finger/id_map.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using finger::IdMap;

constexpr std::uint32_t no_id = 0xFFFF'FFFF;

TEST(IdMap, HasAllButMinusOneWhereNothingIsMapped) {
  const IdMap map("         0          0 4294967295\n");
  EXPECT_TRUE(map.has(0));
  EXPECT_TRUE(map.has(no_id - 1));
  EXPECT_FALSE(map.has(no_id));
  EXPECT_EQ(map.last(), no_id - 1);
}

TEST(IdMap, HasWhatIsMappedAndNothingElse) {
  const IdMap map("0 1000 1\n1 100000 65536\n70000 5 2\n");
  for (const std::uint32_t id : {0U, 1U, 65'536U, 70'000U, 70'001U}) EXPECT_TRUE(map.has(id)) << id;
  for (const std::uint32_t id : {65'537U, 69'999U, 70'002U, no_id}) EXPECT_FALSE(map.has(id)) << id;
  EXPECT_EQ(map.last(), 70'001U);
}

TEST(IdMap, HasItsLastWhereverItsLineStands) {
  EXPECT_EQ(IdMap("500 0 10\n0 10 10\n").last(), 509U);
}

TEST(IdMap, HasNoIdBeyondTheLargest) {
  EXPECT_EQ(IdMap("4294967290 0 4294967295\n").last(), no_id - 1);
}

TEST(IdMap, HasAllWhereItsTextMakesNoSense) {
  for (const std::string text : {"", "\n", "x", "1 2", "0 0 0", "4294967295 0 1", "-5 0 3"}) {
    EXPECT_TRUE(IdMap(text).has(1000)) << text;
    EXPECT_EQ(IdMap(text).last(), no_id - 1) << text;
  }
}

TEST(IdMap, IsReadFromAFile) {
  EXPECT_TRUE(IdMap::read("/proc/self/uid_map").has(0));
  EXPECT_TRUE(IdMap::read("/nonexistent").has(no_id - 1));
}

}  // namespace
