#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "common/net/address.h"

namespace finger {

/// Counts the connections of each address, for --max-per-ip. An IPv6 host has a whole /64 of
/// addresses, which counts as one address. Many sites have a /48, which holds 65,536 of those;
/// together they count as four.
///
/// Holds one or two entries for each connected address, so --max-clients bounds the memory.
class AddressLimit {
  struct Release {
    std::uint64_t network = 0;
    void operator()(AddressLimit* limit) const { limit->release(network); }
  };

 public:
  explicit AddressLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  using Permit = std::unique_ptr<AddressLimit, Release>;

  /// Counts a connection from `peer` until the permit ends, which must not outlive the limit.
  /// Empty, and nothing counted, if the address has as many as it may.
  Permit try_acquire(const common::Address& peer);

 private:
  void release(std::uint64_t network);

  const std::size_t connections_max_;
  std::unordered_map<std::uint64_t, std::size_t> networks_;
  std::unordered_map<std::uint64_t, std::size_t> sites_;
};

using AddressPermit = AddressLimit::Permit;

}  // namespace finger
