#include "finger/proxy/header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "bytes.h"
#include "slices.h"

namespace {

using finger::ProxyHeader;
using namespace std::string_literals;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

/// Returns two bytes in network byte order.
std::string big_endian(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// Makes a header of version 2; `command` and `family` are bytes 13 and 14.
std::string binary(char command, char family, std::string_view rest) {
  return signature + command + family + big_endian(rest.size()) + std::string(rest);
}

const std::string ipv4_ends("\xC0\0\2\7\xCB\0\x71\1\xC4\xEC\0\x4F", 12);
const std::string ipv6_ends =
    "\x20\1\xD\xB8"s + std::string(11, '\0') + "\7"s + std::string(15, '\0') + "\1\xC4\xEC\0\x4F"s;
const std::string local = binary('\x20', '\0', "");

/// Returns the client, `-` for none, or the error, and then the bytes after the header.
std::string read(const tests::Slices& slices) {
  ProxyHeader header;
  std::string rest;
  for (const auto slice : slices) {
    // In a block of its own, so that a sanitizer notices a view that is too long.
    const std::string received(slice);
    const auto taken = header.take(tests::bytes(received));
    if (!taken) return "error: " + taken.error().message();
    rest += received.substr(*taken);
  }
  if (!header.complete()) return "incomplete";
  return (header.client() ? header.client()->to_string() : "-") + " " + rest;
}

std::string read(std::string_view stream) { return read(tests::whole(stream)); }

TEST(ProxyHeader, OfVersion1NamesTheClient) {
  EXPECT_EQ(read("PROXY TCP4 192.0.2.7 203.0.113.1 50412 79\r\n"), "192.0.2.7:50412 ");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::7 2001:db8::1 50412 79\r\n"), "[2001:db8::7]:50412 ");
  EXPECT_EQ(read("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"), "255.255.255.255:65535 ");
}

TEST(ProxyHeader, OfVersion2NamesTheClient) {
  EXPECT_EQ(read(binary('\x21', '\x11', ipv4_ends)), "192.0.2.7:50412 ");
  EXPECT_EQ(read(binary('\x21', '\x21', ipv6_ends)), "[2001:db8::7]:50412 ");
}

TEST(ProxyHeader, IsIncompleteUntilItsLastByte) {
  for (const std::string& header : {"PROXY TCP4 192.0.2.7 203.0.113.1 50412 79\r\n"s,
                                    binary('\x21', '\x11', ipv4_ends + "TLV"), local}) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      EXPECT_EQ(read(header.substr(0, size)), "incomplete") << size << " bytes";
    }
  }
}

// For a health check, or a socket of a different family, the connection is the proxy's own.
TEST(ProxyHeader, NeedNotNameAClient) {
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "- ");
  EXPECT_EQ(read("PROXY UNKNOWN ffff::1 ffff::2 1 65535\r\n"), "- ");
  EXPECT_EQ(read(local), "- ");
  EXPECT_EQ(read(binary('\x20', '\x11', ipv4_ends)), "- ") << "LOCAL: addresses do not count";
  EXPECT_EQ(read(binary('\x20', '\x7F', "whatever")), "- ");
  EXPECT_EQ(read(binary('\x21', '\0', "")), "- ") << "UNSPEC";
  EXPECT_EQ(read(binary('\x21', '\x31', std::string(216, '/'))), "- ") << "UNIX";
}

// The header keeps no bytes that it doesn't look at, so its last byte may come alone.
TEST(ProxyHeader, IsTheSameInAnySlicesHoweverLongItIs) {
  const auto header = binary('\x21', '\x21', ipv6_ends + std::string(3000, '\r')) + "alice";
  EXPECT_EQ(read(tests::byte_by_byte(header)), "[2001:db8::7]:50412 alice");
}

TEST(ProxyHeader, SaysWhetherTheProxyLooksOnItsOwnBehalf) {
  const auto is_check = [](std::string_view stream) {
    ProxyHeader header;
    EXPECT_TRUE(header.take(tests::bytes(stream)));
    return header.is_check();
  };
  EXPECT_TRUE(is_check(local));
  EXPECT_TRUE(is_check(binary('\x20', '\x11', ipv4_ends)));
  EXPECT_FALSE(is_check(binary('\x21', '\x11', ipv4_ends)));
  EXPECT_FALSE(is_check(binary('\x21', '\0', ""))) << "a client whose address it does not know";
  EXPECT_FALSE(is_check("PROXY UNKNOWN\r\n")) << "the same, in version 1";
}

TEST(ProxyHeader, OfVersion1EndsWithin107Bytes) {
  const std::string longest = "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), ProxyHeader::line_bytes_max);
  EXPECT_EQ(read(longest + "alice"), "- alice");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'x')), "incomplete");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'x') + "\r"), "error: message too long");
}

// It's refused as soon as the length is there, because waiting for more would let a proxy fill our
// memory.
TEST(ProxyHeader, OfVersion2IsRefusedWhenItAnnouncesMoreThan8KiB) {
  const std::string begin = signature + "\x21\x11";
  EXPECT_EQ(read(begin + big_endian(8192 - 16)), "incomplete");
  EXPECT_EQ(read(begin + big_endian(8192 - 15)), "error: message too long");
  EXPECT_EQ(read(begin + big_endian(65'535)), "error: message too long");
}

TEST(ProxyHeader, OfVersion1IsRefusedWhenItIsNot) {
  for (const auto* line :
       {"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.7 203.0.113.1 50412\r\n",
        "PROXY TCP4 192.0.2.7 203.0.113.1 50412 79 \r\n",
        "PROXY  TCP4 192.0.2.7 203.0.113.1 50412 79\r\n",
        "PROXY TCP4 192.0.2.7 203.0.113.1 65536 79\r\n",
        "PROXY TCP4 192.0.2.7 203.0.113.1 +5 79\r\n", "PROXY TCP4 192.0.2.7 203.0.113.1 5 -1\r\n",
        "PROXY TCP4 192.0.2.7 203.0.113.1  79\r\n", "PROXY TCP4 192.0.2.256 203.0.113.1 1 79\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::1 1 79\r\n", "PROXY TCP6 192.0.2.7 203.0.113.1 1 79\r\n",
        "PROXY UDP4 192.0.2.7 203.0.113.1 1 79\r\n", "PROXY tcp4 192.0.2.7 203.0.113.1 1 79\r\n",
        "PROXY TCP4 192.0.2.7 203.0.113.1 50412 79\n", "PROXY UNKNOWNS\r\n"}) {
    EXPECT_EQ(read(line), "error: malformed request") << line;
  }
}

TEST(ProxyHeader, OfVersion2IsRefusedWhenItIsNot) {
  EXPECT_EQ(read(binary('\x11', '\x11', ipv4_ends)), "error: malformed request") << "version 1";
  EXPECT_EQ(read(binary('\x22', '\x11', ipv4_ends)), "error: malformed request") << "command 2";
  EXPECT_EQ(read(binary('\x21', '\x41', ipv4_ends)), "error: malformed request") << "family 4";
  EXPECT_EQ(read(binary('\x21', '\x13', ipv4_ends)), "error: malformed request") << "transport 3";
  EXPECT_EQ(read(binary('\x21', '\x11', ipv4_ends.substr(1))), "error: malformed request");
  EXPECT_EQ(read(binary('\x21', '\x21', ipv6_ends.substr(1))), "error: malformed request");
  EXPECT_EQ(read(binary('\x21', '\x31', std::string(215, '/'))), "error: malformed request");
}

// A client that isn't a proxy doesn't have to wait for the rest.
TEST(ProxyHeader, IsRefusedAtTheFirstByteThatDiffers) {
  EXPECT_EQ(read("alice\r\n"), "error: malformed request");
  EXPECT_EQ(read("PROXY"), "incomplete");
  EXPECT_EQ(read("PROXYT"), "error: malformed request");
  EXPECT_EQ(read("\r\n\r\n"), "incomplete");
  EXPECT_EQ(read("\r\n\r\n\r"), "error: malformed request");
  EXPECT_EQ(read("\r\n\r\n\0\r\nQUIT\r"s), "error: malformed request");
}

TEST(ProxyHeader, TakesNothingOfAnEmptySlice) {
  ProxyHeader header;
  EXPECT_EQ(header.take({}), 0U);
  EXPECT_FALSE(header.begun());
  EXPECT_EQ(header.take(tests::bytes("P")), 1U);
  EXPECT_TRUE(header.begun());
  EXPECT_FALSE(header.complete());
}

}  // namespace
