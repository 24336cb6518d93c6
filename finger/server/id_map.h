#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finger/server/accounts.h"

namespace finger {

/// The uids, or the gids, that there are in a user namespace. Nobody can become another.
/// user_namespaces(7)
///
/// -1 is none: setresuid(2) takes it for "leave as it is".
class IdMap {
 public:
  /// `text` is what stands in /proc/PID/uid_map or gid_map. If it makes no sense, there are all.
  explicit IdMap(const std::string& text);

  /// The file's; all, where it cannot be read.
  static IdMap read(const std::string& file);

  bool has(std::uint32_t id) const;

  /// The largest of them that is nobody's: neither root's nor `ours` nor, as `id`, an account's.
  /// nullopt: there is none.
  std::optional<std::uint32_t> strangers(std::uint32_t ours, const Accounts& accounts,
                                         std::uint32_t Account::*id) const;

 private:
  struct Range {
    std::uint64_t first;
    std::uint64_t last;
  };

  std::vector<Range> ranges_;
};

}  // namespace finger
