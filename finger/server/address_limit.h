#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "common/net/address.h"

namespace finger {

/// How many connections each address has: --max-per-ip. A host with IPv6 has a whole /64 of
/// addresses, which counts as one; and a /48, which many sites have, holds 65,536 of those, which
/// together count as four.
///
/// Holds an entry or two for each address that is connected now, so --max-clients bounds its
/// memory.
class AddressLimit {
  struct Release {
    std::uint64_t network = 0;
    void operator()(AddressLimit* limit) const { limit->release(network); }
  };

 public:
  explicit AddressLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  using Permit = std::unique_ptr<AddressLimit, Release>;

  /// Counts one more connection from there, until the permit ends, which must not outlive the
  /// limit. Empty: the address has as many as it may, and this one is not counted.
  Permit try_acquire(const common::Address& peer);

 private:
  void release(std::uint64_t network);

  const std::size_t connections_max_;
  std::unordered_map<std::uint64_t, std::size_t> networks_;
  std::unordered_map<std::uint64_t, std::size_t> sites_;
};

using AddressPermit = AddressLimit::Permit;

}  // namespace finger
