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
  static common::Clock::time_point& bucket_of(Buckets& buckets, std::uint64_t key,
                                              common::Clock::time_point now);
  void forget_full(common::Clock::time_point now);

  const std::size_t per_second_;
  std::mutex mutex_;
  Buckets networks_;                      ///< By network_of().
  Buckets sites_;                         ///< By site_of().
  common::Clock::time_point look_again_;  ///< At which are full.
};

}  // namespace finger
