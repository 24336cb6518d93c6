#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace finger {

/// Compares the words, ignoring the case of ASCII letters.
bool is_same_word(std::string_view one, std::string_view other);

/// The host to ask, and the query.
struct Target {
  std::string text;                   ///< The whole argument.
  std::string host;                   ///< What getaddrinfo(3) takes.
  std::optional<std::uint16_t> port;  ///< nullopt: the port of -p.
  std::string query;                  ///< Empty: the list of users.

  /// Parses `[user][@host[@via]]`: the last host is asked for everything before its @. Without an @
  /// the host is localhost. An IPv6 address may be in brackets. Also parses
  /// `finger://host[:port][/user]`, where %XX is a byte. A user before the host is taken, too,
  /// because that's how a mail address looks as a URL. Source: RFC 3986. Error: what is wrong, for
  /// the user, such as a control character, which could end a line or a name.
  static std::expected<Target, std::string> parse(std::string_view text);

  /// The line to send: RFC 1288, 2.3. Some servers give a longer answer to `/W`.
  std::string line(bool verbose) const;
};

}  // namespace finger
