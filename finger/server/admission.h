#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/server/address.h"

namespace finger {

/// How many connections each address has, in the whole process: --max-per-ip. Somebody with IPv6
/// has a whole /64 of addresses, which counts as one; an IPv4 address is the same through a
/// dual-stack socket (`::ffff:192.0.2.7`) and through one of its own.
///
/// Holds an entry for each address that is connected now, so --max-clients bounds it.
class Admission {
 public:
  explicit Admission(std::size_t per_address_max) : per_address_max_(per_address_max) {}

  /// Counts one more from there. False: it has as many as it may, and this one is not counted.
  bool admit(const common::Address& peer);

  /// One whom admit() has counted is gone.
  void leave(const common::Address& peer);

 private:
  const std::size_t per_address_max_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> connections_;  ///< By what counts of the address.
};

}  // namespace finger
