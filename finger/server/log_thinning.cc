#include "finger/server/log_thinning.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <utility>

#include "common/server/log.h"
#include "finger/server/address_limit.h"

namespace finger {
namespace {

constexpr auto minute = std::chrono::minutes(1);
constexpr auto pause = std::chrono::seconds(1);

/// Of those that are not told apart: no address has this number.
constexpr auto all_others = std::numeric_limits<std::uint64_t>::max();

/// An IPv4 address has less than 2^32, and a /48 more.
std::uint64_t key_of(const common::Address& peer) {
  const std::uint64_t network = network_of(peer);
  return site_of(network).value_or(network);
}

}  // namespace

bool LogThinning::may_log(const common::Address& peer, common::Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now >= look_again_) forget_past(now);
  std::uint64_t key = key_of(peer);
  if (lines_.size() >= addresses_max && !lines_.contains(key)) key = all_others;
  const auto [found, is_new] = lines_.try_emplace(key);
  Lines& lines = found->second;
  if (is_new) lines.minute_ends = now + minute;
  lines.peer = peer;
  if (lines.written >= lines_a_minute && now < lines.quiet_until) {
    ++lines.left_out;
    return false;
  }
  ++lines.written;
  lines.quiet_until = now + pause;
  tell(peer, std::exchange(lines.left_out, 0));
  return true;
}

void LogThinning::tell(const common::Address& peer, std::uint64_t left_out) const {
  if (left_out == 0) return;
  const auto whose = names_peers_ ? peer.to_string() : "of one address";
  common::log(fmt::format("{}: {} lines left out", whose, left_out));
}

void LogThinning::forget_past(common::Clock::time_point now) {
  look_again_ = now + pause;
  std::erase_if(lines_, [this, now](const auto& entry) {
    const Lines& lines = entry.second;
    if (lines.minute_ends > now) return false;
    tell(lines.peer, lines.left_out);
    return true;
  });
}

}  // namespace finger
