#include "finger/proxy/header.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <ranges>
#include <string_view>
#include <vector>

#include "common/net/number.h"

namespace finger {
namespace {

using common::Address;
using common::ByteView;
using common::Error;
using common::failure;
using common::Result;
using common::Status;

constexpr std::string_view text_signature = "PROXY ";
constexpr std::string_view binary_signature("\r\n\r\n\0\r\nQUIT\n", 12);

/// The beginning of a header of version 2: the signature, version and command, family and
/// transport, and the length.
constexpr std::size_t fixed_bytes = 16;

// Bytes of the addresses and ports of both ends. For AF_UNIX, two paths.
constexpr std::size_t ipv4_bytes = 12;
constexpr std::size_t ipv6_bytes = 36;
constexpr std::size_t unix_bytes = 216;
static_assert(fixed_bytes + ipv6_bytes <= ProxyHeader::line_bytes_max);

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whether the bytes are the beginning of the signature, or more.
bool may_become(ByteView bytes, std::string_view signature) {
  return text_of(bytes).starts_with(signature.substr(0, bytes.size()));
}

unsigned number_at(ByteView bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }

std::uint16_t big_endian_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number_at(bytes, at) << 8 | number_at(bytes, at + 1));
}

std::optional<Address> parse_address(int family, std::string_view literal, std::string_view port) {
  const auto number = common::parse_number(port, 0, std::numeric_limits<std::uint16_t>::max());
  if (!number) return std::nullopt;
  const auto address = Address::parse(literal, static_cast<std::uint16_t>(*number));
  return address && address->family() == family ? address : std::nullopt;
}

}  // namespace

Result<std::size_t> ProxyHeader::take(ByteView bytes) {
  std::size_t taken = 0;
  while (!complete_ && taken < bytes.size()) {
    if (const auto status = take_byte(bytes[taken]); !status) {
      return std::unexpected(status.error());
    }
    ++taken;
  }
  return taken;
}

Status ProxyHeader::take_byte(std::byte byte) {
  if (received_ < head_.size()) head_[received_] = byte;  // the rest of version 2 is only counted
  ++received_;
  const auto head = ByteView(head_).first(std::min(received_, head_.size()));
  if (may_become(head, text_signature)) return take_text(head);
  if (may_become(head, binary_signature)) return take_binary(head);
  return failure(Error::malformed);
}

/// `PROXY TCP4 192.0.2.7 203.0.113.1 50412 79` and CRLF; or `PROXY UNKNOWN` and anything.
Status ProxyHeader::take_text(ByteView head) {
  if (head.back() != std::byte{'\n'}) {
    return received_ < line_bytes_max ? Status() : failure(Error::too_long);
  }
  std::string_view line = text_of(head);
  if (!line.ends_with("\r\n")) return failure(Error::malformed);
  line.remove_suffix(2);
  std::vector<std::string_view> words;
  for (const auto word : std::views::split(line, ' ')) words.emplace_back(word.begin(), word.end());
  complete_ = true;
  if (words[1] == "UNKNOWN") return {};
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) {
    return failure(Error::malformed);
  }
  const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
  client_ = parse_address(family, words[2], words[4]);
  const bool valid = client_ && parse_address(family, words[3], words[5]);
  return valid ? Status() : failure(Error::malformed);
}

Status ProxyHeader::take_binary(ByteView head) {
  if (received_ < fixed_bytes) return {};
  const std::size_t rest_bytes = big_endian_at(head, 14);
  if (rest_bytes > bytes_max - fixed_bytes) return failure(Error::too_long);
  if (received_ < fixed_bytes + rest_bytes) return {};

  complete_ = true;
  switch (number_at(head, 12)) {  // version and command
    case 0x20:                    // LOCAL: we ignore its addresses
      is_check_ = true;
      return {};
    case 0x21:  // PROXY
      return read_addresses(head, rest_bytes);
    default:
      return failure(Error::malformed);
  }
}

Status ProxyHeader::read_addresses(ByteView head, std::size_t addresses_bytes) {
  const unsigned family = number_at(head, 13) >> 4;
  const unsigned transport = number_at(head, 13) & 0xF;
  if (family > 3 || transport > 2) return failure(Error::malformed);
  constexpr std::array<std::size_t, 4> bytes_min{0, ipv4_bytes, ipv6_bytes, unix_bytes};
  if (addresses_bytes < bytes_min[family]) return failure(Error::malformed);

  const auto* const addresses = head.data() + fixed_bytes;  // source, destination, their ports
  if (family == 1) {
    in_addr address{};
    std::memcpy(&address, addresses, sizeof address);
    client_ = Address::of(address, big_endian_at(head, fixed_bytes + 8));
  } else if (family == 2) {
    in6_addr address{};
    std::memcpy(&address, addresses, sizeof address);
    client_ = Address::of(address, big_endian_at(head, fixed_bytes + 32));
  }
  return {};
}

}  // namespace finger
