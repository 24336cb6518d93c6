#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace finger {

/// Whom to ask, and what.
struct Target {
  std::string host;   ///< What getaddrinfo(3) takes.
  std::string query;  ///< Empty: who is there.

  bool operator==(const Target&) const = default;

  /// From `[user]@host[@via]`: the last host is the one to ask, for everything in front of it. A
  /// user alone is one of this machine, and so is nobody. An IPv6 address may be in brackets.
  /// nullopt: no host behind an @, or a control character, which could end a line or a name.
  static std::optional<Target> parse(std::string_view text);

  /// What is sent: RFC 1288, 2.3. Some servers answer `/W` at more length.
  std::string line(bool verbose) const;
};

}  // namespace finger
