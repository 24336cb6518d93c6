#include "finger/proxy/trusted.h"

#include <gtest/gtest.h>

namespace {

using common::Address;
using finger::AddressRanges;

bool contains(std::string_view list, std::string_view address) {
  const auto ranges = AddressRanges::parse(list);
  const auto parsed = Address::parse(address, 5882);
  EXPECT_TRUE(ranges.has_value()) << list;
  EXPECT_TRUE(parsed.has_value()) << address;
  return ranges && parsed && ranges->contains(*parsed);
}

TEST(AddressRanges, ContainTheAddressesThatTheyList) {
  EXPECT_TRUE(contains("192.0.2.7,2001:db8::1", "192.0.2.7"));
  EXPECT_TRUE(contains("192.0.2.7,2001:db8::1", "2001:db8::1"));
  EXPECT_FALSE(contains("192.0.2.7,2001:db8::1", "192.0.2.6"));
  EXPECT_FALSE(contains("192.0.2.7,2001:db8::1", "2001:db8::"));
}

TEST(AddressRanges, ContainAddressesThatBeginWithTheSameBits) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.128"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("fd00::/8", "fdff::1"));
  EXPECT_FALSE(contains("fd00::/8", "fe00::1"));
  EXPECT_TRUE(contains("192.0.2.7/32", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7/32", "192.0.2.6"));
}

TEST(AddressRanges, ContainAllOfAFamilyWithoutBits) {
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "192.0.2.7"));
}

// A dual-stack listener reports the second form.
TEST(AddressRanges, ContainAnIPv4AddressInEitherForm) {
  EXPECT_TRUE(contains("192.0.2.0/24", "::ffff:192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.0/24", "::ffff:192.0.3.7"));
  EXPECT_TRUE(contains("::ffff:192.0.2.0/120", "192.0.2.7"));
}

TEST(AddressRanges, ContainNothingWhenThereAreNone) {
  EXPECT_TRUE(AddressRanges().empty());
  EXPECT_FALSE(AddressRanges().contains(*Address::parse("::", 0)));
}

TEST(AddressRanges, RefuseTextThatIsNotAList) {
  for (const auto* list :
       {"", ",", "127.0.0.1,", ",127.0.0.1", "127.0.0.1, ::1", "localhost", "127.0.0.1:80",
        "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.1/8", "fd00::1/64", "[::1]", "10/8"}) {
    EXPECT_FALSE(AddressRanges::parse(list)) << '"' << list << '"';
  }
}

}  // namespace
