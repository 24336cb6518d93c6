#include "finger/server/rate_limit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

namespace {

using common::Address;
using common::Clock;
using finger::RateLimit;
using std::chrono::milliseconds;

const Clock::time_point start = Clock::time_point() + std::chrono::hours(1);

bool may_ask(RateLimit& limit, std::string_view from, milliseconds after = milliseconds(0)) {
  return limit.try_take(*Address::parse(from, 50'412), start + after);
}

/// How many of a hundred that come at the same moment.
int asked(RateLimit& limit, std::string_view from, milliseconds after = milliseconds(0)) {
  int count = 0;
  for (int i = 0; i < 100; ++i) count += may_ask(limit, from, after) ? 1 : 0;
  return count;
}

TEST(RateLimit, ASecondsWorthMayComeAtOnce) {
  RateLimit limit(5);
  EXPECT_EQ(asked(limit, "192.0.2.7"), 5);
  EXPECT_EQ(asked(limit, "192.0.2.8"), 5) << "another's business";
}

TEST(RateLimit, TokensComeBackEvenlyAndNoMoreThanASecondsWorth) {
  RateLimit limit(5);
  EXPECT_EQ(asked(limit, "192.0.2.7"), 5);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(199)), 0);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(200)), 1);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(800)), 3);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(60'000)), 5);
}

TEST(RateLimit, WhatIsRefusedTakesNoToken) {
  RateLimit limit(1);
  EXPECT_EQ(asked(limit, "192.0.2.7"), 1);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(500)), 0);
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(1000)), 1);
}

TEST(RateLimit, IsNoneAtZero) {
  RateLimit limit(0);
  EXPECT_EQ(asked(limit, "192.0.2.7"), 100);
}

TEST(RateLimit, CountsASlash64AsOneAndASlash48AsFour) {
  RateLimit limit(2);
  EXPECT_TRUE(may_ask(limit, "2001:db8:0:1::1"));
  EXPECT_TRUE(may_ask(limit, "2001:db8:0:1::2"));
  EXPECT_FALSE(may_ask(limit, "2001:db8:0:1::3"));
  int of_the_site = 2;
  for (int i = 2; i < 100; ++i) of_the_site += asked(limit, fmt::format("2001:db8:0:{:x}::1", i));
  EXPECT_EQ(of_the_site, 8);
  EXPECT_EQ(asked(limit, "2001:db8:1::1"), 2) << "another's business";
}

TEST(RateLimit, AnIpv4AddressIsTheSameThroughEitherSocket) {
  RateLimit limit(1);
  EXPECT_TRUE(may_ask(limit, "192.0.2.7"));
  EXPECT_FALSE(may_ask(limit, "::ffff:192.0.2.7"));
}

TEST(RateLimit, ThoseThatAreNotToldApartShareABucketUntilOthersAreForgotten) {
  RateLimit limit(1);
  for (std::size_t i = 0; i < RateLimit::networks_max; ++i) {
    ASSERT_TRUE(may_ask(limit, fmt::format("10.{}.{}.{}", i >> 16U, i >> 8U & 255U, i & 255U)));
  }
  EXPECT_TRUE(may_ask(limit, "192.0.2.7"));
  EXPECT_FALSE(may_ask(limit, "192.0.2.8"));
  EXPECT_FALSE(may_ask(limit, "10.0.0.1")) << "is told apart";
  EXPECT_EQ(asked(limit, "192.0.2.7", milliseconds(1000)), 1);
  EXPECT_EQ(asked(limit, "192.0.2.8", milliseconds(1000)), 1);
}

}  // namespace
