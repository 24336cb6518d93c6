#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/net/address.h"

namespace finger {

class AddressLimit;

/// One of the connections that an AddressLimit permits an address. Gives it back when it ends.
class AddressPermit {
 public:
  AddressPermit() = default;
  AddressPermit(AddressPermit&& other) noexcept
      : limit_(std::exchange(other.limit_, nullptr)), network_(other.network_) {}
  AddressPermit& operator=(AddressPermit other) noexcept {
    std::swap(limit_, other.limit_);
    std::swap(network_, other.network_);
    return *this;
  }
  ~AddressPermit();

 private:
  friend class AddressLimit;
  AddressPermit(AddressLimit& limit, std::uint64_t network) : limit_(&limit), network_(network) {}

  AddressLimit* limit_ = nullptr;
  std::uint64_t network_ = 0;
};

/// How many connections each address has, in the whole process: --max-per-ip. A host with IPv6
/// has a whole /64 of addresses, which counts as one; an IPv4 address is the same whether it comes
/// through a dual-stack socket (`::ffff:192.0.2.7`) or through a socket of its own.
///
/// Holds an entry for each address that is connected now, so --max-clients bounds its memory.
class AddressLimit {
 public:
  explicit AddressLimit(std::size_t connections_max) : connections_max_(connections_max) {}

  /// Counts one more connection from there, until the permit ends, which must not outlive the
  /// limit. nullopt: the address has as many as it may, and this one is not counted.
  std::optional<AddressPermit> try_acquire(const common::Address& peer);

 private:
  friend class AddressPermit;
  void release(std::uint64_t network);

  const std::size_t connections_max_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> connections_;  ///< By network_of().
};

}  // namespace finger
