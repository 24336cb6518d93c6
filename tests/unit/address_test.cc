#include "common/net/address.h"

#include <gtest/gtest.h>

namespace {

using common::Address;

std::string printed(std::string_view literal, std::uint16_t port) {
  const auto address = Address::parse(literal, port);
  return address ? address->to_string() : "(refused)";
}

TEST(Address, PrintsIPv4AsAddressAndPort) {
  EXPECT_EQ(printed("127.0.0.1", 5882), "127.0.0.1:5882");
  EXPECT_EQ(printed("0.0.0.0", 0), "0.0.0.0:0");
  EXPECT_EQ(printed("255.255.255.255", 65'535), "255.255.255.255:65535");
}

TEST(Address, PrintsIPv6InBrackets) {
  EXPECT_EQ(printed("::1", 5882), "[::1]:5882");
  EXPECT_EQ(printed("::", 80), "[::]:80");
  EXPECT_EQ(printed("2001:DB8:0:0::7", 1), "[2001:db8::7]:1");
  EXPECT_EQ(printed("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65'535),
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

// Without the zone, nobody could connect to the printed address.
TEST(Address, PrintsTheZoneOfALinkLocalAddress) {
  auto address = *Address::parse("fe80::1", 79);
  reinterpret_cast<sockaddr_in6*>(address.data())->sin6_scope_id = 3;
  EXPECT_EQ(address.to_string(), "[fe80::1%3]:79");
}

TEST(Address, PrintsAnIPv4PeerOfADualStackSocketAsIPv4) {
  EXPECT_EQ(printed("::ffff:192.0.2.1", 5882), "192.0.2.1:5882");
}

TEST(Address, RefusesTextThatIsNotALiteral) {
  for (const auto* text :
       {"", "localhost", "127.0.0.1:80", "[::1]", "127.1", "1", "0x7f.0.0.1", "256.0.0.1",
        "1.2.3.4.5", " 127.0.0.1", "127.0.0.1 ", "::g", ":::", "fe80::1%lo", "1.2.3.4/8"}) {
    EXPECT_EQ(printed(text, 80), "(refused)") << '"' << text << '"';
  }
}

TEST(Address, OfADescriptorThatIsNotASocketIsAnError) {
  const auto address = Address::of_socket(common::Fd());
  ASSERT_FALSE(address.has_value());
  EXPECT_EQ(address.error(), std::errc::bad_file_descriptor);
}

}  // namespace
