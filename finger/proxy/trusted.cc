#include "finger/proxy/trusted.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <utility>

#include "common/net/number.h"

namespace finger {
namespace {

constexpr unsigned ipv6_bits = 128;
constexpr unsigned mapped_bits = 96;  ///< IPv4 addresses are mapped to `::ffff:0:0/96`.

/// Clears all but the first `bits` bits of the address.
in6_addr beginning(in6_addr address, unsigned bits) {
  for (unsigned i = 0; i < sizeof address.s6_addr; ++i) {
    const unsigned kept = std::clamp(bits, 8 * i, 8 * i + 8) - 8 * i;
    address.s6_addr[i] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return address;
}

bool is_same(const in6_addr& a, const in6_addr& b) { return IN6_ARE_ADDR_EQUAL(&a, &b); }

}  // namespace

std::optional<AddressRanges> AddressRanges::parse(std::string_view list) {
  AddressRanges ranges;
  for (const auto part : std::views::split(list, ',')) {
    const auto range = parse_range({part.begin(), part.end()});
    if (!range) return std::nullopt;
    ranges.ranges_.push_back(*range);
  }
  return ranges.empty() ? std::nullopt : std::optional(std::move(ranges));
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
  if (!is_same(range.first, beginning(range.first, range.bits))) return std::nullopt;
  return range;
}

bool AddressRanges::contains(const common::Address& address) const {
  return std::ranges::any_of(ranges_, [&address](const Range& range) {
    return is_same(range.first, beginning(address.as_ipv6(), range.bits));
  });
}

}  // namespace finger
