#include "finger/client/target.h"

#include <algorithm>

namespace finger {
namespace {

bool is_control_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7F;
}

std::string_view without_brackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::optional<Target> Target::parse(std::string_view text) {
  if (std::ranges::any_of(text, is_control_byte)) return std::nullopt;
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) {
    return Target{.host = "localhost", .query = std::string(text)};
  }
  const auto host = without_brackets(text.substr(at + 1));
  if (host.empty()) return std::nullopt;
  return Target{.host = std::string(host), .query = std::string(text.substr(0, at))};
}

std::string Target::line(bool verbose) const {
  const std::string_view blank = query.empty() ? "" : " ";
  return (verbose ? std::string("/W").append(blank) : std::string()) + query + "\r\n";
}

}  // namespace finger
