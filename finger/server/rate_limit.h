#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/net/address.h"
#include "common/server/duration.h"

namespace finger {

/// How many queries each address may ask in a second: --max-rate. A token bucket: an address that
/// has asked nothing for a second has that many tokens, a query takes one, and they come back
/// evenly. What counts as an address, and what a /48 may, is as with AddressLimit.
class RateLimit {
 public:
  /// So many networks are told apart, which bounds the memory; those that come then share a bucket.
  static constexpr std::size_t networks_max = 65'536;

  /// 0: as many as it likes.
  explicit RateLimit(std::size_t per_second) : per_second_(per_second) {}

  /// Whether it may ask now; then a token is taken. From any thread.
  bool try_take(const common::Address& peer, common::Clock::time_point now);

 private:
  /// When each bucket will be full again: a token is a part of the second before that. One that is
  /// full has no entry.
  using Buckets = std::unordered_map<std::uint64_t, common::Clock::time_point>;
  void forget_full(common::Clock::time_point now);

  const std::size_t per_second_;
  std::mutex mutex_;
  Buckets networks_;                      ///< By network_of().
  Buckets sites_;                         ///< By site_of().
  common::Clock::time_point look_again_;  ///< At which are full.
};

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
