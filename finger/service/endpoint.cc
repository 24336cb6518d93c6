#include "finger/service/endpoint.h"

#include <cstdint>

#include "common/net/number.h"

namespace finger {

std::optional<common::Address> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = common::parse_number(text.substr(colon + 1), 1, 65'535);
  if (!port) return std::nullopt;

  auto host = text.substr(0, colon);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const bool is_v6 = host.find(':') != host.npos;
  if (in_brackets != is_v6) return std::nullopt;
  return common::Address::parse(host, static_cast<std::uint16_t>(*port));
}

}  // namespace finger
