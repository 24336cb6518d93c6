#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "finger/accounts/accounts.h"

namespace finger {

/// The uids, or the gids, that exist in a user namespace: no process in it can have another.
/// user_namespaces(7)
class IdMap {
 public:
  /// `text` is the content of /proc/PID/uid_map or gid_map. If it makes no sense, all ids exist.
  explicit IdMap(const std::string& text);

  /// From that file; where it cannot be read, all ids exist.
  static IdMap read(const std::string& file);

  bool has(std::uint32_t id) const;

  /// The largest id that is not in use: it is not 0, not `ours`, and not the member `id` (uid or
  /// gid) of any account. nullopt: there is none.
  std::optional<std::uint32_t> unused(std::uint32_t ours, const Accounts& accounts,
                                      std::uint32_t Account::*id) const;

 private:
  /// Not -1, which setresuid(2) takes for "leave as it is".
  static constexpr std::uint64_t largest_id = std::numeric_limits<std::uint32_t>::max() - 1;

  struct Range {
    std::uint64_t first;
    std::uint64_t last;
  };

  std::vector<Range> ranges_;
};

}  // namespace finger
