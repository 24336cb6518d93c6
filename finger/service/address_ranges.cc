#include "finger/service/address_ranges.h"

#include <sys/socket.h>

#include <algorithm>

#include "common/net/number.h"

namespace finger {
namespace {

constexpr unsigned ipv6_bits = 128;
constexpr unsigned mapped_bits = 96;  ///< Of `::ffff:0:0/96`, which IPv4 addresses are mapped to.

bool bit_at(const in6_addr& address, unsigned at) {
  return (address.s6_addr[at / 8] >> (7 - at % 8) & 1) != 0;
}

bool any_bit_from(const in6_addr& address, unsigned begin) {
  for (unsigned at = begin; at < ipv6_bits; ++at) {
    if (bit_at(address, at)) return true;
  }
  return false;
}

bool same_bits(const in6_addr& a, const in6_addr& b, unsigned bits) {
  for (unsigned at = 0; at < bits; ++at) {
    if (bit_at(a, at) != bit_at(b, at)) return false;
  }
  return true;
}

}  // namespace

std::optional<AddressRanges> AddressRanges::parse(std::string_view list) {
  AddressRanges ranges;
  while (true) {
    const auto comma = list.find(',');
    const auto range = parse_range(list.substr(0, comma));
    if (!range) return std::nullopt;
    ranges.ranges_.push_back(*range);
    if (comma == std::string_view::npos) return ranges;
    list.remove_prefix(comma + 1);
  }
}

std::optional<AddressRanges::Range> AddressRanges::parse_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = common::Address::parse(text.substr(0, slash), 0);
  if (!address) return std::nullopt;
  const unsigned before = address->family() == AF_INET ? mapped_bits : 0;
  Range range{.first = address->as_ipv6(), .bits = ipv6_bits};
  if (slash != std::string_view::npos) {
    const auto bits = common::parse_number(text.substr(slash + 1), 0, ipv6_bits - before);
    if (!bits) return std::nullopt;
    range.bits = before + static_cast<unsigned>(*bits);
  }
  if (any_bit_from(range.first, range.bits)) return std::nullopt;
  return range;
}

bool AddressRanges::contains(const common::Address& address) const {
  if (empty()) return false;
  const in6_addr ipv6 = address.as_ipv6();
  return std::ranges::any_of(
      ranges_, [&ipv6](const Range& range) { return same_bits(range.first, ipv6, range.bits); });
}

}  // namespace finger
