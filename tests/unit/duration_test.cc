#include "common/server/duration.h"

#include <gtest/gtest.h>

#include "common/net/number.h"

namespace {

using common::parse_duration;
using common::parse_number;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(ParseDuration, TakesDigitsAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("0ms"), 0ms);
  EXPECT_EQ(parse_duration("007s"), 7s) << "no octal numbers";
}

TEST(ParseDuration, TakesZeroAloneForNone) { EXPECT_EQ(parse_duration("0"), 0ms); }

TEST(ParseDuration, RefusesEverythingElse) {
  for (const auto* text : {"", "1", "00", "ms", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1S", "1h",
                           "1.5s", "0x1s", "1s1s", "1mss", "1e3ms", "five"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(ParseDuration, RefusesMoreThanAYear) {
  EXPECT_EQ(parse_duration("31622400s"), std::chrono::days(366));
  EXPECT_EQ(parse_duration("31622401s"), std::nullopt);
  EXPECT_EQ(parse_duration("527041m"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999s"), std::nullopt) << "beyond 64 bits";
  EXPECT_EQ(parse_duration("18446744073709551615m"), std::nullopt) << "times 60000 it wraps";
}

TEST(DurationToString, SaysItAsParseDurationReadsIt) {
  EXPECT_EQ(common::to_string(0ms), "0");
  EXPECT_EQ(common::to_string(250ms), "250ms");
  EXPECT_EQ(common::to_string(60s), "60s");
  for (const milliseconds duration : {0ms, 1ms, 999ms, 1000ms, 1001ms, 120'000ms}) {
    EXPECT_EQ(parse_duration(common::to_string(duration)), duration);
  }
}

// Rounded down, a loop would spin through the last millisecond.
TEST(TimeoutMs, IsRoundedUpSoThatNoLoopWakesTooEarly) {
  for (const auto left : {1us, 999us, 1000us, 50'000us, 50'001us}) {
    const auto deadline = common::Clock::now() + left;
    const auto timeout = common::timeout_ms(deadline);
    EXPECT_GE(common::Clock::now() + milliseconds(timeout), deadline);
    EXPECT_LE(milliseconds(timeout), std::chrono::ceil<milliseconds>(left));
  }
}

TEST(TimeoutMs, IsNothingWhenTheDeadlineIsPast) {
  EXPECT_EQ(common::timeout_ms(common::Clock::now() - 1h), 0);
  EXPECT_EQ(common::timeout_ms(common::Clock::time_point{}), 0);
}

TEST(TimeoutMs, IsForEverWithoutADeadline) { EXPECT_EQ(common::timeout_ms(std::nullopt), -1); }

TEST(TimeoutMs, FitsHoweverFarTheDeadlineIs) {
  EXPECT_GT(common::timeout_ms(common::Clock::now() + std::chrono::days(366)), 0);
  EXPECT_GT(common::timeout_ms(common::Clock::now() + std::chrono::days(36'600)), 0);
}

TEST(Clock, NeverJumps) { EXPECT_TRUE(common::Clock::is_steady); }

TEST(ParseNumber, TakesDecimalDigitsInRange) {
  EXPECT_EQ(parse_number("0", 0, 65'535), 0U);
  EXPECT_EQ(parse_number("65535", 0, 65'535), 65'535U);
  EXPECT_EQ(parse_number("010", 0, 65'535), 10U) << "no octal numbers";
  EXPECT_EQ(parse_number("18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
}

TEST(ParseNumber, RefusesNumbersOutOfRange) {
  EXPECT_EQ(parse_number("65536", 0, 65'535), std::nullopt);
  EXPECT_EQ(parse_number("0", 1, 1024), std::nullopt);
  EXPECT_EQ(parse_number("18446744073709551616", 0, UINT64_MAX), std::nullopt);
  EXPECT_EQ(parse_number("99999999999999999999999", 0, UINT64_MAX), std::nullopt);
}

TEST(ParseNumber, RefusesEverythingButDigits) {
  for (const auto* text :
       {"", "0x1F", "+7", "-7", "-0", " 7", "7 ", "7\n", "1e3", "1.0", "1'000", "1,000", "seven"}) {
    EXPECT_EQ(parse_number(text, 0, 65'535), std::nullopt) << '"' << text << '"';
  }
}

}  // namespace
