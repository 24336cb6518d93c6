#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/net/address.h"

namespace finger {

/// Sets of addresses, such as `127.0.0.1,10.0.0.0/8,fd00::/8`.
class AddressRanges {
 public:
  /// Parses addresses, each perhaps with a slash and how many of its leading bits count. nullopt if
  /// one is neither, or if bits after those are set, which is usually a typo.
  static std::optional<AddressRanges> parse(std::string_view list);

  bool empty() const { return ranges_.empty(); }
  bool contains(const common::Address& address) const;

 private:
  struct Range {
    in6_addr first;
    unsigned bits;  ///< In the IPv6 form: 96 more than an IPv4 prefix says.
  };
  static std::optional<Range> parse_range(std::string_view text);

  std::vector<Range> ranges_;
};

}  // namespace finger
