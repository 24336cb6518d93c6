#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/net/address.h"
#include "common/server/duration.h"

namespace finger {

/// What one address does must not fill the log: some lines a minute it has, and beyond those one a
/// second. How many are missing is said before its next line, or when its minute is over and
/// another address has a line. A site with IPv6 (a /48) counts as one address.
class LogThinning {
 public:
  /// What is missing is said with the address, or without.
  explicit LogThinning(bool names_peers) : names_peers_(names_peers) {}

  static constexpr std::size_t lines_a_minute = 100;

  /// So many addresses are told apart, which bounds the memory; those that come then are counted as
  /// one.
  static constexpr std::size_t addresses_max = 4096;

  /// Whether one more line may be written about this peer. From any thread.
  bool may_log(const common::Address& peer, common::Clock::time_point now);

 private:
  struct Lines {
    common::Address peer;
    common::Clock::time_point minute_ends;
    common::Clock::time_point quiet_until;
    std::size_t written = 0;
    std::uint64_t left_out = 0;
  };

  void forget_past(common::Clock::time_point now);
  void tell(const common::Address& peer, std::uint64_t left_out) const;

  const bool names_peers_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Lines> lines_;
  common::Clock::time_point look_again_;  ///< At what is past.
};

}  // namespace finger
