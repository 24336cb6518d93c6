#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace finger {

/// The host to ask, and the query.
struct Target {
  std::string host;   ///< What getaddrinfo(3) takes.
  std::string query;  ///< Empty: the list of users.

  bool operator==(const Target&) const = default;

  /// From `[user]@host[@via]`: the last host is asked for everything before its @. Without an @ the
  /// host is localhost. An IPv6 address may be in brackets.
  /// nullopt: no host after an @, or a control character, which could end a line or a name.
  static std::optional<Target> parse(std::string_view text);

  /// The line to send: RFC 1288, 2.3. Some servers give a longer answer to `/W`.
  std::string line(bool verbose) const;
};

}  // namespace finger
