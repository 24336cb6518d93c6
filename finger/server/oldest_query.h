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

  /// Whether the oldest of all is this ring's, no place is about to change hands, and so this one
  /// may go. Then it must say when it has: has_left().
  bool try_displace(std::size_t ring) {
    const auto since = since_[ring].load();
    const auto is_older = [since](const auto& each) { return each.load() < since; };
    if (since == none || std::ranges::any_of(since_, is_older)) return false;
    auto before = Place::kept;
    return place_.compare_exchange_strong(before, Place::leaving);
  }

  /// Before its permit is given back.
  void has_left() { place_ = Place::left; }

  /// A connection has been accepted. Until then a ring that finds no permit must not displace
  /// another: a ring that was faster may have one, and the connection still waits.
  void has_accepted() {
    auto before = Place::left;
    place_.compare_exchange_strong(before, Place::kept);
  }

  /// One has been displaced, and no connection has its place yet.
  bool is_one_due() const { return place_ != Place::kept; }

 private:
  enum class Place { kept, leaving, left };

  std::vector<std::atomic<common::Clock::time_point>> since_;
  std::atomic<Place> place_ = Place::kept;
};

}  // namespace finger
