#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/server/duration.h"
#include "finger/server/address_limit.h"
#include "finger/server/busy_homes.h"
#include "finger/server/homes_and_mounts.h"
#include "finger/server/options.h"
#include "finger/server/process/service_manager.h"
#include "finger/server/rate_limit.h"
#include "finger/server/roster.h"
#include "finger/service/metrics.h"
#include "ring_server/loop_server.h"

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

/// What the servers of a process find there. It outlives them.
struct ProcessParts {
  Metrics metrics;
  BusyHomes* busy = nullptr;                       ///< nullptr: no other process is in homes.
  std::unique_ptr<Heartbeat> heartbeat = nullptr;  ///< nullptr: no watchdog wants to know.
  Mounts mounts = {};
};

/// What the servers of one process share.
class Shared : public ring_server::Shared {
 public:
  /// `connections_max` is --max-clients, or as many as there are descriptors for.
  Shared(const Options& chosen, std::size_t connections_max, RosterPointer roster,
         ProcessParts& found)
      : ring_server::Shared(chosen, connections_max),
        options(chosen),
        parts(found),
        roster_(std::move(roster)) {}

  const Options& options;
  ProcessParts& parts;
  std::atomic<bool> retiring = false;  ///< A successor accepts.
  AddressLimit address_limit{options.max_per_ip};
  RateLimit rate_limit{options.max_rate};
  OldestQueries oldest_queries{options.workers};
  LogThinning log_thinning{options.log == LogDetail::full};

  /// The roster for conversations that begin now.
  RosterPointer roster() const {
    const std::scoped_lock lock(mutex_);
    return roster_;
  }
  void replace(RosterPointer roster) {
    const std::scoped_lock lock(mutex_);
    roster_.swap(roster);
  }

 private:
  mutable std::mutex mutex_;
  RosterPointer roster_;
};

}  // namespace finger
