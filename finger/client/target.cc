#include "finger/client/target.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include "common/escape.h"
#include "common/net/number.h"

namespace finger {
namespace {

using Parsed = std::expected<Target, std::string>;
using Failure = std::unexpected<std::string>;

constexpr std::string_view scheme = "finger://";
constexpr auto syntax = "takes [user][@host[@via]] or finger://host[:port]/user";
constexpr auto port_max = std::numeric_limits<std::uint16_t>::max();

bool is_url(std::string_view text) { return is_same_word(text.substr(0, scheme.size()), scheme); }

bool is_control_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7F;
}

std::string_view without_brackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

/// Splits `h:79` and `[::1]:79`. Several colons without brackets are an IPv6 address.
HostAndPort split_port(std::string_view place) {
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos) return {place, std::nullopt};
  const auto host = place.substr(0, colon);
  if (host.contains(':') && !host.ends_with(']')) return {place, std::nullopt};
  return {host, place.substr(colon + 1)};
}

/// nullopt if a % lacks two digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const char* const end = text.data() + 3;
    unsigned char byte = 0;
    if (std::from_chars(text.data() + 1, end, byte, 16).ptr != end) return std::nullopt;
    decoded += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return decoded;
}

/// Takes the part after `finger://`.
Parsed parse_url(std::string_view url) {
  const auto slash = std::min(url.find('/'), url.size());
  const auto authority = url.substr(0, slash);
  const auto path = url.substr(std::min(slash + 1, url.size()));
  const auto at = authority.rfind('@');
  const bool has_user = at != std::string_view::npos;
  if (has_user && !path.empty()) return Failure("names two users");

  const auto place = split_port(has_user ? authority.substr(at + 1) : authority);
  std::optional<std::uint16_t> port;
  if (place.port && !place.port->empty()) {  // an empty one is the default: RFC 3986, 3.2.3
    const auto number = common::parse_number(*place.port, 1, port_max);
    if (!number) return Failure("a port is a number from 1 to 65535");
    port = static_cast<std::uint16_t>(*number);
  }
  const auto host = percent_decoded(without_brackets(place.host));
  const auto query = percent_decoded(has_user ? authority.substr(0, at) : path);
  if (!host || !query) return Failure("a % needs two hexadecimal digits");
  return Target{.text = "", .host = *host, .port = port, .query = *query};
}

/// `[user][@host[@via]]`
Parsed parse_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) {
    // The option parser takes `-5` for a number.
    if (text.starts_with('-')) return Failure("no such option");
    return Target{.text = "", .host = "localhost", .port = {}, .query = std::string(text)};
  }
  const auto place = text.substr(at + 1);
  const auto [host, port] = split_port(place);
  if (port) {
    const auto shown = port->empty() ? "79" : common::escape(std::as_bytes(std::span(*port)));
    return Failure("give the port with -p " + shown);
  }
  return Target{.text = "",
                .host = std::string(without_brackets(host)),
                .port = {},
                .query = std::string(text.substr(0, at))};
}

}  // namespace

bool is_same_word(std::string_view one, std::string_view other) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::ranges::equal(one, other, {}, lower, lower);
}

Parsed Target::parse(std::string_view text) {
  auto target = is_url(text) ? parse_url(text.substr(scheme.size())) : parse_address(text);
  if (!target) return target;
  if (target->host.empty()) return Failure(syntax);
  if (target->host.find_first_of("[]") != std::string::npos) {
    return Failure("an IPv6 address is in two brackets, or in none");
  }
  if (std::ranges::any_of(target->host + target->query, is_control_byte)) {
    return Failure("has a control character in it");
  }
  target->text = text;
  return target;
}

std::string Target::line(bool verbose) const {
  const std::string_view blank = query.empty() ? "" : " ";
  return (verbose ? std::string("/W").append(blank) : std::string()) + query + "\r\n";
}

}  // namespace finger
