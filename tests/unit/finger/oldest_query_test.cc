#include "finger/server/shared.h"

#include <chrono>

#include <gtest/gtest.h>

namespace finger {
namespace {

constexpr common::Clock::time_point long_ago{std::chrono::seconds(1)};
constexpr common::Clock::time_point lately{std::chrono::seconds(2)};

TEST(OldestQueries, TheOldestOfAllRingsGoes) {
  OldestQueries oldest(3);
  EXPECT_FALSE(oldest.try_displace(0)) << "there is none";
  oldest.set(0, lately);
  oldest.set(1, long_ago);
  EXPECT_FALSE(oldest.try_displace(0));
  EXPECT_FALSE(oldest.try_displace(2)) << "this one has none";
  EXPECT_TRUE(oldest.try_displace(1));
}

TEST(OldestQueries, OneGoesForEachConnectionThatIsAccepted) {
  OldestQueries oldest(2);
  oldest.set(0, long_ago);
  oldest.set(1, lately);
  oldest.has_accepted();
  ASSERT_TRUE(oldest.try_displace(0));
  oldest.set(0, OldestQueries::none);
  EXPECT_FALSE(oldest.try_displace(1)) << "the first has not left yet";
  oldest.has_accepted();  // with a permit of somebody else's
  EXPECT_FALSE(oldest.try_displace(1)) << "the first has not left yet";
  oldest.has_left();
  EXPECT_TRUE(oldest.is_one_due());
  EXPECT_FALSE(oldest.try_displace(1)) << "another ring may have the permit, and accepts soon";
  oldest.has_accepted();
  EXPECT_FALSE(oldest.is_one_due());
  EXPECT_TRUE(oldest.try_displace(1));
}

}  // namespace
}  // namespace finger
