// Here are only the limits. tests/protocol has every stage parse numbers and durations.
#include "common/server/duration.h"

#include <gtest/gtest.h>

#include "common/net/number.h"

namespace {

using common::parse_duration;
using common::parse_number;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(ParseDuration, RefusesMoreThanAYear) {
  EXPECT_EQ(parse_duration("31622400s"), std::chrono::days(366));
  EXPECT_EQ(parse_duration("31622401s"), std::nullopt);
  EXPECT_EQ(parse_duration("527041m"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999s"), std::nullopt) << "beyond 64 bits";
  EXPECT_EQ(parse_duration("18446744073709551615m"), std::nullopt) << "times 60000 it wraps";
}

TEST(DurationToString, WritesADurationAsParseDurationReadsIt) {
  EXPECT_EQ(common::to_string(0ms), "0");
  EXPECT_EQ(common::to_string(250ms), "250ms");
  EXPECT_EQ(common::to_string(60s), "60s");
  for (const milliseconds duration : {0ms, 1ms, 999ms, 1000ms, 1001ms, 120'000ms}) {
    EXPECT_EQ(parse_duration(common::to_string(duration)), duration);
  }
}

TEST(ParseNumber, RefusesNumbersOutOfRange) {
  EXPECT_EQ(parse_number("65536", 0, 65'535), std::nullopt);
  EXPECT_EQ(parse_number("0", 1, 1024), std::nullopt);
  EXPECT_EQ(parse_number("18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(parse_number("18446744073709551616", 0, UINT64_MAX), std::nullopt);
  EXPECT_EQ(parse_number("99999999999999999999999", 0, UINT64_MAX), std::nullopt);
}

}  // namespace
