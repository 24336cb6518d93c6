#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "finger/accounts/accounts.h"
#include "finger/accounts/gecos.h"

namespace tests {

/// What is before the separator, which both are taken from `text`.
inline std::string_view take_until(std::string_view& text, char separator) {
  const auto found = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(found.size() + 1, text.size()));
  return found;
}

/// Users from an input: of each, a login and a GECOS field that a bar ends, so that they may hold
/// line ends and colons, which a directory in the network may send.
inline std::vector<finger::Account> entries(std::string_view text) {
  std::vector<finger::Account> entries;
  while (!text.empty()) {
    const std::string login(take_until(text, '|'));
    const std::string gecos(take_until(text, '|'));
    const auto uid = static_cast<uid_t>(entries.size());
    entries.push_back({login, finger::full_name(gecos, login), "/home/" + login, uid, 100});
  }
  return entries;
}

inline std::vector<std::string> entry_seeds() {
  return {"bob|Bob Baker,Room 1,,|alice|& Adams|carol||", "bob|one|bob|two|bo|three|bobby|four",
          "jos\xC3\xA9|Jos\xC3\xA9 \xE2\x82\xAC|\xF0\x9F\x99\x82|&&&&|",
          "e\nve|Eve\r\nroot\x1B[2J|al@x|| ..||../x|\xC2\x9B\xE9|",
          "||/W|&|/Wx|&,&|" + std::string(1025, 'x') + "|,"};
}

}  // namespace tests
