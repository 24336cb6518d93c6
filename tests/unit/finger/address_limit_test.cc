#include "finger/server/address_limit.h"

#include <gmock/gmock.h>

#include <string_view>
#include <utility>
#include <vector>

namespace {

using common::Address;
using finger::AddressLimit;
using finger::AddressPermit;

Address from(std::string_view literal) { return *Address::parse(literal, 50'412); }

/// Returns true if the two count as one address, at a limit of one.
bool are_one(std::string_view first, std::string_view second) {
  AddressLimit address_limit(1);
  const auto permit = address_limit.try_acquire(from(first));
  EXPECT_TRUE(permit);
  return !address_limit.try_acquire(from(second));
}

TEST(AddressLimit, APermitIsGivenBackOnceHoweverOftenItIsMoved) {
  AddressLimit address_limit(1);
  AddressPermit first = address_limit.try_acquire(from("192.0.2.7"));
  AddressPermit second = std::move(first);
  first = AddressPermit();
  EXPECT_FALSE(address_limit.try_acquire(from("192.0.2.7")));
  second = AddressPermit();
  EXPECT_TRUE(address_limit.try_acquire(from("192.0.2.7")));
}

TEST(AddressLimit, DoesNotCountWhatItRefuses) {
  AddressLimit address_limit(1);
  auto permit = address_limit.try_acquire(from("192.0.2.7"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(address_limit.try_acquire(from("192.0.2.7")));
  permit.reset();
  EXPECT_TRUE(address_limit.try_acquire(from("192.0.2.7")));
}

TEST(AddressLimit, DoesNotCountInANetworkWhatItRefusesItsSite) {
  AddressLimit address_limit(1);
  std::vector<AddressPermit> permits;
  for (const auto* const each :
       {"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"}) {
    permits.push_back(address_limit.try_acquire(from(each)));
  }
  EXPECT_FALSE(address_limit.try_acquire(from("2001:db8:1:5::1")));
  permits.clear();
  EXPECT_TRUE(address_limit.try_acquire(from("2001:db8:1:5::1")));
}

// A host that has one address of a /64 has them all.
TEST(AddressLimit, CountsAnIPv6NetworkAsOne) {
  EXPECT_TRUE(are_one("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(are_one("2001:db8:1:2::1", "2001:db8:1:3::1"));
  EXPECT_FALSE(are_one("2001:db8:1:2::1", "2001:db8:8001:2::1"));
}

// A socket of both families reports all of them as addresses in ::/64.
TEST(AddressLimit, CountsEachIPv4AddressForItself) {
  EXPECT_TRUE(are_one("::ffff:192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(are_one("::ffff:192.0.2.7", "::ffff:192.0.2.8"));
  EXPECT_FALSE(are_one("::ffff:192.0.2.7", "::1"));
  EXPECT_FALSE(are_one("192.0.2.7", "2.0.0.192")) << "the order of the bytes";
}

TEST(AddressLimit, TakesNoIPv4AddressForAnIPv6Network) {
  EXPECT_FALSE(are_one("192.0.2.7", "c000:207::1"));
  EXPECT_FALSE(are_one("192.0.2.7", "::1"));
}

}  // namespace
