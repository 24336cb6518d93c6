#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

#include "common/server/duration.h"

namespace finger {

/// For each ring of a process, since when the oldest of its connections without a whole query has
/// its place: so that one of them goes when all places are taken, and not one of each ring's.
class OldestQueries {
 public:
  static constexpr auto none = common::Clock::time_point::max();

  explicit OldestQueries(std::size_t rings) : since_(rings) {
    for (auto& each : since_) each = none;
  }

  /// In the thread of that ring.
  void set(std::size_t ring, common::Clock::time_point since) {
    since_[ring].store(since, std::memory_order_relaxed);
  }

  /// Whether the oldest of all is this ring's, none is on its way out, and so this one may go. Then
  /// it must say when that has happened: gone().
  bool try_displace(std::size_t ring) {
    const auto since = since_[ring].load();
    const auto is_older = [since](const auto& each) { return each.load() < since; };
    if (since == none || std::ranges::any_of(since_, is_older)) return false;
    return !is_leaving_.exchange(true);
  }
  void gone() { is_leaving_ = false; }

 private:
  std::vector<std::atomic<common::Clock::time_point>> since_;
  std::atomic<bool> is_leaving_ = false;
};

}  // namespace finger
