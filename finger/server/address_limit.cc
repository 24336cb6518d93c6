#include "finger/server/address_limit.h"

#include <netinet/in.h>

#include <cassert>
#include <optional>
#include <span>

namespace finger {
namespace {

using Counts = std::unordered_map<std::uint64_t, std::size_t>;
constexpr std::size_t networks_a_site = 4;

/// The part of an address that counts: a whole IPv4 address, or the /64 of an IPv6 one. They can't
/// collide, because 0:0:a:b::/64 isn't assigned. RFC 4291, 2.5
std::uint64_t network_of(const common::Address& peer) {
  const in6_addr address = peer.as_ipv6();
  const std::span bytes(address.s6_addr);
  std::uint64_t network = 0;
  for (const auto byte : IN6_IS_ADDR_V4MAPPED(&address) ? bytes.subspan(12) : bytes.subspan(0, 8)) {
    network = network << 8 | byte;
  }
  return network;
}

/// The /48 that a /64 belongs to; nullopt for an IPv4 address.
std::optional<std::uint64_t> site_of(std::uint64_t network) {
  if (network >> 32 == 0) return std::nullopt;
  return network >> 16;
}

/// Counts one more, unless there are each_max already.
bool add(Counts& counts, std::uint64_t key, std::size_t each_max) {
  std::size_t& count = counts[key];
  if (count == each_max) return false;  // at least 1: the entry existed
  ++count;
  return true;
}

void remove(Counts& counts, std::uint64_t key) {
  const auto found = counts.find(key);
  assert(found != counts.end() && found->second > 0);
  if (--found->second == 0) counts.erase(found);
}

}  // namespace

AddressLimit::Permit AddressLimit::try_acquire(const common::Address& peer) {
  const std::uint64_t network = network_of(peer);
  const auto site = site_of(network);
  if (!add(networks_, network, connections_max_)) return {};
  if (site && !add(sites_, *site, networks_a_site * connections_max_)) {
    remove(networks_, network);
    return {};
  }
  return Permit(this, {network});
}

void AddressLimit::release(std::uint64_t network) {
  const auto site = site_of(network);
  remove(networks_, network);
  if (site) remove(sites_, *site);
}

}  // namespace finger
