#include "finger/server/rights/id_map.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using finger::Account;
using finger::Accounts;
using finger::IdMap;
using finger::PasswdEntry;

constexpr std::uint32_t no_id = 0xFFFF'FFFF;
constexpr std::uint32_t ours = 9;

/// The placeholder's uid where so much is mapped, and these users have accounts.
std::optional<std::uint32_t> unused(const std::string& map, std::vector<uid_t> uids = {}) {
  std::vector<PasswdEntry> entries;
  for (const uid_t uid : uids) {
    entries.push_back(
        {.login = "u" + std::to_string(uid), .gecos = "", .home = "/", .uid = uid, .gid = 0});
  }
  return IdMap(map).unused(ours, Accounts::of_entries(std::move(entries)), &Account::uid);
}

TEST(IdMap, HasAllButMinusOneWhereNothingIsMapped) {
  const IdMap map("         0          0 4294967295\n");
  EXPECT_TRUE(map.has(0));
  EXPECT_TRUE(map.has(no_id - 1));
  EXPECT_FALSE(map.has(no_id));
  EXPECT_EQ(unused("0 0 4294967295\n"), no_id - 1);
}

TEST(IdMap, HasWhatIsMappedAndNothingElse) {
  const IdMap map("0 1000 1\n1 100000 65536\n70000 5 2\n");
  for (const std::uint32_t id : {0U, 1U, 65'536U, 70'000U, 70'001U}) EXPECT_TRUE(map.has(id)) << id;
  for (const std::uint32_t id : {65'537U, 69'999U, 70'002U, no_id}) EXPECT_FALSE(map.has(id)) << id;
  EXPECT_EQ(unused("0 1000 1\n1 100000 65536\n70000 5 2\n"), 70'001U);
}

TEST(IdMap, HasItsLastWhereverItsLineIs) { EXPECT_EQ(unused("500 0 10\n0 10 10\n"), 509U); }

TEST(IdMap, HasNoIdBeyondTheLargest) { EXPECT_EQ(unused("4294967290 0 4294967295\n"), no_id - 1); }

TEST(IdMap, FindsTheLargestIdThatIsNotInUse) {
  EXPECT_EQ(unused("0 0 10\n"), 8U) << "9 is ours";
  EXPECT_EQ(unused("0 0 10\n", {7, 8, 5}), 6U);
  EXPECT_EQ(unused("500 0 2\n0 10 5\n", {500, 501, 4}), 3U) << "a whole range is in use";
  EXPECT_EQ(unused("0 0 3\n", {1, 2}), std::nullopt) << "but root's";
}

TEST(IdMap, HasAllWhereItsTextMakesNoSense) {
  for (const std::string text : {"", "\n", "x", "1 2", "0 0 0", "4294967295 0 1", "-5 0 3"}) {
    EXPECT_TRUE(IdMap(text).has(1000)) << text;
    EXPECT_EQ(unused(text), no_id - 1) << text;
  }
}

TEST(IdMap, IsReadFromAFile) {
  EXPECT_TRUE(IdMap::read("/proc/self/uid_map").has(0));
  EXPECT_TRUE(IdMap::read("/nonexistent").has(no_id - 1));
}

}  // namespace
