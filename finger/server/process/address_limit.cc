#include "finger/server/process/address_limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cassert>
#include <cstring>

namespace finger {
namespace {

/// It equals no IPv6 network's number: 0:0:a:b::/64 is not assigned. RFC 4291, 2.5
std::uint64_t of_ipv4(std::uint32_t address) { return ntohl(address); }

/// The part of an address that counts: an IPv4 address, the /64 network of an IPv6 one.
std::uint64_t network_of(const common::Address& peer) {
  if (peer.family() == AF_INET) {
    return of_ipv4(reinterpret_cast<const sockaddr_in*>(peer.data())->sin_addr.s_addr);
  }
  const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(peer.data())->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t ipv4 = 0;
    std::memcpy(&ipv4, &address.s6_addr[12], sizeof ipv4);
    return of_ipv4(ipv4);
  }
  std::uint64_t network = 0;
  for (std::size_t i = 0; i < 8; ++i) network = network << 8 | address.s6_addr[i];
  return network;
}

}  // namespace

bool AddressLimit::try_acquire(const common::Address& peer) {
  const std::scoped_lock lock(mutex_);
  std::size_t& connections = connections_[network_of(peer)];
  if (connections == connections_max_) return false;  // at least 1: the entry existed
  ++connections;
  return true;
}

void AddressLimit::release(const common::Address& peer) {
  const std::scoped_lock lock(mutex_);
  const auto found = connections_.find(network_of(peer));
  assert(found != connections_.end() && found->second > 0);
  if (--found->second == 0) connections_.erase(found);
}

}  // namespace finger
