#include "finger/server/rate_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "common/server/log.h"
#include "finger/server/address_limit.h"

namespace finger {
namespace {

using common::Clock;

constexpr auto second = std::chrono::seconds(1);
constexpr auto minute = std::chrono::minutes(1);

/// Of those that are not told apart: no address has this number.
constexpr auto all_others = std::numeric_limits<std::uint64_t>::max();

/// The entry of this key; where there are `max` already, the one that all others share.
template <typename Map>
auto& entry_of(Map& map, std::uint64_t key, std::size_t max) {
  if (map.size() >= max && !map.contains(key)) key = all_others;
  return map[key];
}

/// When it would be full after one more query.
Clock::time_point with_one_more(Clock::time_point full_at, Clock::time_point now,
                                std::size_t per_second) {
  return std::max(full_at, now) + std::chrono::duration_cast<Clock::duration>(second) / per_second;
}

/// An IPv4 address has less than 2^32, and a /48 more.
std::uint64_t key_of(const common::Address& peer) {
  const std::uint64_t network = network_of(peer);
  return site_of(network).value_or(network);
}

}  // namespace

bool RateLimit::try_take(const common::Address& peer, Clock::time_point now) {
  if (per_second_ == 0) return true;
  const std::uint64_t network = network_of(peer);
  const auto site = site_of(network);
  const std::scoped_lock lock(mutex_);
  if (now >= look_again_) forget_full(now);
  Clock::time_point& of_network = entry_of(networks_, network, networks_max);
  const auto network_after = with_one_more(of_network, now, per_second_);
  if (network_after > now + second) return false;
  if (site) {
    Clock::time_point& of_site = entry_of(sites_, *site, networks_max);
    const std::size_t per_second = per_second_ * AddressLimit::networks_a_site;
    const auto site_after = with_one_more(of_site, now, per_second);
    if (site_after > now + second) return false;
    of_site = site_after;
  }
  of_network = network_after;
  return true;
}

void RateLimit::forget_full(Clock::time_point now) {
  look_again_ = now + second;
  for (Buckets* each : {&networks_, &sites_}) {
    std::erase_if(*each, [now](const auto& bucket) { return bucket.second <= now; });
  }
}

bool LogThinning::may_log(const common::Address& peer, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now >= look_again_) forget_past(now);
  Lines& lines = entry_of(lines_, key_of(peer), addresses_max);
  if (lines.minute_ends == Clock::time_point()) lines.minute_ends = now + minute;
  lines.peer = peer;
  if (lines.written >= lines_a_minute && now < lines.quiet_until) {
    ++lines.left_out;
    return false;
  }
  ++lines.written;
  lines.quiet_until = now + second;
  tell(peer, std::exchange(lines.left_out, 0));
  return true;
}

void LogThinning::tell(const common::Address& peer, std::uint64_t left_out) const {
  if (left_out == 0) return;
  const auto whose = names_peers_ ? peer.to_string() : "of one address";
  common::log(fmt::format("{}: {} lines left out", whose, left_out));
}

void LogThinning::forget_past(Clock::time_point now) {
  look_again_ = now + second;
  std::erase_if(lines_, [this, now](const auto& entry) {
    const Lines& lines = entry.second;
    if (lines.minute_ends > now) return false;
    tell(lines.peer, lines.left_out);
    return true;
  });
}

}  // namespace finger
