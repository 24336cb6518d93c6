#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/net/address.h"

namespace finger {

/// How many connections each address has, in the whole process: --max-per-ip. A host with IPv6
/// has a whole /64 of addresses, which counts as one; an IPv4 address is the same whether it comes
/// through a dual-stack socket (`::ffff:192.0.2.7`) or through a socket of its own.
///
/// Holds an entry for each address that is connected now, so --max-clients bounds its memory.
class AddressLimit {
 public:
  explicit AddressLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  /// Counts one more connection from there. False: the address has as many as it may, and this one
  /// is not counted.
  bool try_acquire(const common::Address& peer);

  /// A connection that try_acquire() has counted is closed.
  void release(const common::Address& peer);

 private:
  const std::size_t connections_max_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> connections_;  ///< By network_of().
};

}  // namespace finger
