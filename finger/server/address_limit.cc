#include "finger/server/address_limit.h"

#include <netinet/in.h>

#include <cassert>
#include <span>

namespace finger {
namespace {

/// The part of an address that counts: an IPv4 address, the /64 network of an IPv6 one. No number
/// is both: 0:0:a:b::/64 is not assigned. RFC 4291, 2.5
std::uint64_t network_of(const common::Address& peer) {
  const in6_addr address = peer.as_ipv6();
  const std::span bytes(address.s6_addr);
  std::uint64_t network = 0;
  for (const auto byte : IN6_IS_ADDR_V4MAPPED(&address) ? bytes.subspan(12) : bytes.subspan(0, 8)) {
    network = network << 8 | byte;
  }
  return network;
}

}  // namespace

std::optional<AddressPermit> AddressLimit::try_acquire(const common::Address& peer) {
  const std::uint64_t network = network_of(peer);
  const std::scoped_lock lock(mutex_);
  std::size_t& connections = connections_[network];
  if (connections == connections_max_) return std::nullopt;  // at least 1: the entry existed
  ++connections;
  return AddressPermit(*this, network);
}

void AddressLimit::release(std::uint64_t network) {
  const std::scoped_lock lock(mutex_);
  const auto found = connections_.find(network);
  assert(found != connections_.end() && found->second > 0);
  if (--found->second == 0) connections_.erase(found);
}

AddressPermit::~AddressPermit() {
  if (limit_ != nullptr) limit_->release(network_);
}

}  // namespace finger
