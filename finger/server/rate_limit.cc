#include "finger/server/rate_limit.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "finger/server/address_limit.h"

namespace finger {
namespace {

using common::Clock;

constexpr auto second = std::chrono::seconds(1);

/// Of those that are not told apart: no network has this number.
constexpr auto all_others = std::numeric_limits<std::uint64_t>::max();

/// When it would be full after one more query.
Clock::time_point with_one_more(Clock::time_point full_at, std::size_t per_second) {
  return full_at + std::chrono::duration_cast<Clock::duration>(second) / per_second;
}

}  // namespace

bool RateLimit::try_take(const common::Address& peer, Clock::time_point now) {
  if (per_second_ == 0) return true;
  const std::uint64_t network = network_of(peer);
  const auto site = site_of(network);
  const std::scoped_lock lock(mutex_);
  if (now >= look_again_) forget_full(now);
  Clock::time_point& of_network = bucket_of(networks_, network, now);
  const auto network_after = with_one_more(of_network, per_second_);
  if (network_after > now + second) return false;
  if (site) {
    Clock::time_point& of_site = bucket_of(sites_, *site, now);
    const auto site_after = with_one_more(of_site, per_second_ * AddressLimit::networks_a_site);
    if (site_after > now + second) return false;
    of_site = site_after;
  }
  of_network = network_after;
  return true;
}

Clock::time_point& RateLimit::bucket_of(Buckets& buckets, std::uint64_t key,
                                        Clock::time_point now) {
  if (buckets.size() >= networks_max && !buckets.contains(key)) key = all_others;
  Clock::time_point& full_at = buckets[key];
  full_at = std::max(full_at, now);
  return full_at;
}

void RateLimit::forget_full(Clock::time_point now) {
  look_again_ = now + second;
  for (Buckets* each : {&networks_, &sites_}) {
    std::erase_if(*each, [now](const auto& bucket) { return bucket.second <= now; });
  }
}

}  // namespace finger
